// What was read of an upload, and what its columns are taken for: both can be corrected before it is kept.

import { get, post } from "../../api.js";
import { Busy, Button, Panel, Refusal, TextInput, formatBytes, html, setParams, toast, useAsync, useState } from "../../ui.js";
import { Columns } from "./columns.js";
import { Preview } from "./preview.js";
import { ReaderSettings } from "./reader_settings.js";
import { useReading } from "./reading.js";

export function Check({ id, model }) {
  const came = useAsync((signal) => get(`uploads/${id}`, { signal }), [id]);
  const another = html`<${Button} kind="quiet" onClick=${() => setParams({ model })}>Take another file<//>`;
  if (came.error) return html`<${Refusal} error=${came.error}>${another}<//>`;
  if (!came.value) return html`<${Busy} what="Reading the file" />`;
  return html`<${Mapping} upload=${came.value} model=${model} another=${another} />`;
}

function Mapping({ upload, model, another }) {
  const { settings, setSettings, settled, shown, waiting, error } = useReading(upload);
  const { preview, refusal } = shown;
  return html`<div class="stack">
    <${Panel} title=${upload.filename} actions=${another}>
      <p class="note">${formatBytes(upload.n_bytes)}${preview ? ` · ${preview.read}` : ""}</p>
      ${refusal && html`<div class="refusal" role="alert"><p>${refusal.message}</p>
        ${(refusal.file || refusal.row) && html`<p class="note">${[refusal.file && `File ${refusal.file}`, refusal.row && `row ${refusal.row}`].filter(Boolean).join(", ")}. Correct it there, or say below what the columns are.</p>`}</div>`}
      <${Refusal} error=${error} />
      <p class="aug-waiting" role="status">${waiting ? "Reading it again…" : ""}</p>
      ${shown.columns?.length > 0 && html`<${Columns} columns=${shown.columns} settings=${settings} onChange=${setSettings} />`}
      <${ReaderSettings} settings=${settings} onChange=${setSettings} open=${Boolean(refusal)} />
    <//>
    ${preview && html`<${Preview} preview=${preview} stale=${waiting} />`}
    ${preview && html`<${Keep} upload=${shown} settings=${settled} model=${model} waiting=${waiting} />`}
  </div>`;
}

function Keep({ upload, settings, model, waiting }) {
  const [name, setName] = useState(suggestName(upload.filename));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const keep = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const made = await post("datasets", { upload: upload.id, settings, name: name.trim() });
      toast(`${made.name} is kept, version ${made.version}.`, { kind: "good" });
      setParams({ dataset: made.id, model });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return html`<${Panel} title="Keep it">
    <form onSubmit=${keep} class="row">
      <${TextInput} label="Name" value=${name} onInput=${setName} required />
      <${Button} kind="main" type="submit" disabled=${busy || waiting || !name.trim()}>${busy ? "Keeping it…" : "Keep and go on"}<//>
    </form>
    <${Refusal} error=${error} />
  <//>`;
}

function suggestName(filename) {
  const stem = filename.replace(/(\.(csv|tsv|txt|ts|arff|json|jsonl|npz|npy|parquet|pq|gz|zip))+$/i, "").replace(/_(TRAIN|TEST)$/i, "");
  return stem.replace(/[^\p{L}\p{N} ._-]+/gu, " ").trim().slice(0, 80) || "series";
}
