// What was dropped is uploaded, read and shown; the reading can be corrected, and what was read is kept under a name.

import { Button, Busy, Meter, Panel, Refusal, TextInput, formatBytes, formatNumber, go, html, toast, useEffect, useMemo, useState, zipFiles } from "../../ui.js";
import { SeriesChart, SeriesGrid, classColour } from "../../chart.js";
import { post, upload } from "../../api.js";
import { Columns } from "../augment/columns.js";
import { ReaderSettings } from "../augment/reader_settings.js";
import { useReading } from "../augment/reading.js";
import { ClassBar } from "./parts.js";
import { describeShape, suggestName } from "./words.js";

const LONG = 500; // timepoints, from which on one series is plainly a recording

export function Upload({ files, onStop }) {
  const [sent, setSent] = useState({ share: 0, read: null, error: null });
  useEffect(() => {
    const stopping = new AbortController();
    send(files, (share) => setSent((before) => ({ ...before, share })), stopping.signal).then(
      (read) => setSent({ share: 1, read, error: null }),
      (error) => setSent({ share: 0, read: null, error }),
    );
    return () => stopping.abort();
  }, [files]);
  const { share, read, error } = sent;
  const title = files.length === 1 ? files[0].name : `${files.length} files`;
  const stop = html`<${Button} kind="quiet" onClick=${onStop}>Take another<//>`;
  if (error) return html`<${Panel} title=${title} actions=${stop}><${Refusal} error=${error} /><//>`;
  if (read) return html`<${Reading} first=${read} onStop=${onStop} />`;
  return html`<${Panel} title=${title} actions=${stop}>
    ${share < 1 ? html`<p>Uploading, ${formatNumber(Math.round(100 * share))} %</p><${Meter} label="uploaded" value=${share} />` : html`<${Busy} what="Reading the series" />`}
  <//>`;
}

/** Several files that were chosen together are one upload, as a folder would be. */
async function send(files, onProgress, signal) {
  const one = files.length === 1 ? files[0] : await zipFiles(files.map((file) => [file.name, file]), nameTogether(files));
  return upload(`uploads?filename=${encodeURIComponent(one.name)}`, one, onProgress, { signal });
}

function nameTogether(files) {
  const stems = files.map((file) => file.name.replace(/\.[^.]+$/, "").replace(/[_-](train|test)$/i, ""));
  return `${stems.every((stem) => stem === stems[0]) ? stems[0] : "series"}.zip`;
}

function Reading({ first, onStop }) {
  const { settings, setSettings, settled, shown, waiting, error } = useReading(first);
  const [name, setName] = useState(() => suggestName(first.filename));
  const [saving, setSaving] = useState({ busy: false, error: null });
  const save = async (event) => {
    event.preventDefault();
    setSaving({ busy: true, error: null });
    try {
      const dataset = await post("datasets", { upload: first.id, settings: settled, name: name.trim() });
      toast(`${dataset.name}, version ${dataset.version}, is in the catalogue.`, { kind: "good" });
      go("datasets", { dataset: dataset.id });
    } catch (error) {
      setSaving({ busy: false, error });
    }
  };
  const busy = saving.busy ? "Saving" : waiting ? "Reading again" : "";
  const { preview, refusal } = shown;
  const actions = html`<${Button} kind="quiet" onClick=${onStop}>Take another<//>`;
  return html`<${Panel} title=${first.filename} actions=${actions}>
    <link rel="stylesheet" href="studio/views/augment/style.css" />
    <p class="ds-quiet ds-small">${formatBytes(first.n_bytes)}</p>
    <div class="stack">
      ${refusal && html`<div class="refusal" role="alert"><p>${refusal.message}</p>${(refusal.file || refusal.row) && html`<div class="ds-small">${[refusal.file, refusal.row && `row ${formatNumber(refusal.row)}`].filter(Boolean).join(", ")}</div>`}</div>`}
      ${preview && html`<${Read} preview=${preview} />`}
      <details class="ds-fold" open=${Boolean(refusal)}><summary>Not as it should be? Say what is what</summary>
        <div class="stack">${shown.columns?.length > 0 && html`<${Columns} columns=${shown.columns} settings=${settings} onChange=${setSettings} />`}
          <${ReaderSettings} settings=${settings} onChange=${setSettings} open=${!shown.columns?.length} /></div>
      </details>
      ${preview && html`<form class="row" onSubmit=${save}>
        <${TextInput} label="Name in the catalogue" value=${name} onInput=${setName} required hint="A name that is taken gets a new version." />
        <${Button} kind="main" type="submit" disabled=${Boolean(busy) || !name.trim()}>Save<//>
      </form>`}
      ${busy && html`<${Busy} what=${busy} />`}
      <${Refusal} error=${saving.error ?? error} />
    </div>
  <//>`;
}

function Read({ preview }) {
  const order = preview.classes.map((one) => String(one.label));
  const colours = useMemo(() => (preview.labels ?? []).map((label) => classColour(order.indexOf(String(label)))), [preview]);
  const recording = useMemo(() => (preview.series[0] ?? []).map((values, channel) => ({ values, label: preview.shape.channel_names?.[channel], colour: classColour(channel), width: 1 })), [preview]);
  const longer = preview.shape.n_timepoints > LONG;
  return html`<div class="stack">
    <div><p>${preview.read}</p>${preview.notes.map((note) => html`<p class="note">${note}</p>`)}<p class="ds-small">${describeShape(preview.shape)}</p></div>
    <${ClassBar} classes=${preview.classes} most=${12} />
    ${preview.series.length === 1
      ? html`<${SeriesChart} lines=${recording} height=${180} title="The series" />${longer && html`<p class="note">A long recording is cut into windows once it is saved; models learn from those.</p>`}`
      : html`<${SeriesGrid} series=${preview.series} labels=${(preview.labels ?? []).map(String)} colours=${colours} limit=${24} title=${order.length ? "Some series of each class" : "Some of the series"} />`}
  </div>`;
}
