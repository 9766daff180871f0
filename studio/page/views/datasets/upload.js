// What was dropped is uploaded, read and shown; the reading can be corrected, and what was read is kept under a name.

import { Button, Busy, Meter, Panel, Refusal, Select, TextInput, formatBytes, formatNumber, go, html, toast, useEffect, useMemo, useState, zipFiles } from "../../ui.js";
import { SeriesGrid, classColour } from "../../chart.js";
import { post, upload } from "../../api.js";
import { ClassBar } from "./parts.js";
import { describeShape, suggestName } from "./words.js";

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
  const [read, setRead] = useState(first);
  const [name, setName] = useState(() => suggestName(first.filename));
  const [work, setWork] = useState({ busy: "", error: null });
  const run = async (busy, task) => {
    setWork({ busy, error: null });
    try {
      await task();
      setWork({ busy: "", error: null });
    } catch (error) {
      setWork({ busy: "", error });
    }
  };
  const readAgain = (settings) => run("Reading again", async () => setRead(await post(`uploads/${read.id}/preview`, { settings })));
  const save = () =>
    run("Saving", async () => {
      const dataset = await post("datasets", { upload: read.id, settings: read.settings, name });
      toast(`${dataset.name}, version ${dataset.version}, is in the catalogue.`, { kind: "good" });
      go("datasets", { dataset: dataset.id });
    });
  const { preview, refusal } = read;
  const actions = html`<${Button} kind="quiet" onClick=${onStop}>Take another<//>`;
  return html`<${Panel} title=${read.filename} actions=${actions}>
    <p class="ds-quiet ds-small">${formatBytes(read.n_bytes)}</p>
    <div class="stack">
      ${refusal && html`<div class="refusal" role="alert"><p>${refusal.message}</p>${(refusal.file || refusal.row) && html`<p class="ds-small">${[refusal.file, refusal.row && `row ${formatNumber(refusal.row)}`].filter(Boolean).join(", ")}</p>`}</div>`}
      ${preview && html`<${Read} preview=${preview} />`}
      <${Mapping} read=${read} onChange=${readAgain} disabled=${Boolean(work.busy)} />
      ${preview && html`<form class="row" onSubmit=${(event) => (event.preventDefault(), save())}>
        <${TextInput} label="Name in the catalogue" value=${name} onInput=${setName} required hint="A name that is taken gets a new version." />
        <${Button} kind="main" type="submit" disabled=${Boolean(work.busy) || !name.trim()}>Save<//>
      </form>`}
      ${work.busy && html`<${Busy} what=${work.busy} />`}
      <${Refusal} error=${work.error} />
    </div>
  <//>`;
}

function Read({ preview }) {
  const order = preview.classes.map((one) => String(one.label));
  const colours = useMemo(() => (preview.labels ?? []).map((label) => classColour(order.indexOf(String(label)))), [preview]);
  return html`<div class="stack">
    <div><p>${preview.read}</p>${preview.notes.map((note) => html`<p class="note">${note}</p>`)}<p class="ds-small">${describeShape(preview.shape)}</p></div>
    <${ClassBar} classes=${preview.classes} most=${12} />
    <${SeriesGrid} series=${preview.series} labels=${(preview.labels ?? []).map(String)} colours=${colours} limit=${24} title="Some series of each class" />
  </div>`;
}

const ROLES = { label: "label", id: "series it belongs to", time: "time", value: "value", group: "group", ignore: "left out" };
const SEVERAL = ["label", "id", "value", "group", "ignore"];

/** What each column is taken for. A change is read anew by the server, which says what came of it. */
function Mapping({ read, onChange, disabled }) {
  const { columns, settings } = read;
  if (!columns?.length) return null;
  const assign = (name, role) => {
    const next = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, SEVERAL.includes(key) && Array.isArray(value) ? value.filter((one) => one !== name) : value === name ? null : value]));
    if (role && SEVERAL.includes(role)) next[role] = [...[next[role] ?? []].flat(), name];
    else if (role) next[role] = name;
    onChange(keepSet(next));
  };
  const [named, runs] = [columns.filter((column) => column.role !== "timepoint"), columns.filter((column) => column.role === "timepoint")];
  return html`<details class="ds-fold" open=${Boolean(read.refusal)}>
    <summary>What the columns are</summary>
    ${runs.length > 0 && html`<p class="note">${formatNumber(runs.length)} columns are timepoints, ${runs[0].name} to ${runs.at(-1).name}.</p>`}
    <div class="ds-options">${named.slice(0, 40).map((column) => html`<${Select} key=${column.name} label=${column.name} value=${ROLES[column.role] ? column.role : ""} disabled=${disabled}
      options=${[["", column.role && !ROLES[column.role] ? column.role : "as found"], ...Object.entries(ROLES)]} hint=${column.examples.slice(0, 3).join(", ")} onChange=${(role) => assign(column.name, role)} />`)}</div>
  </details>`;
}

const keepSet = (settings) => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length)));
