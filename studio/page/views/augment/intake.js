// A file, several, or a folder is uploaded; or a dataset of the catalogue is taken.

import { get, upload } from "../../api.js";
import { Busy, Button, DropZone, Meter, Panel, Refusal, Select, formatBytes, formatShare, html, link, setParams, useAsync, useRef, useState, zipFiles } from "../../ui.js";

const MOST_LISTED = 200;

export function Intake({ about, model }) {
  const kept = useAsync((signal) => get(`datasets?limit=${MOST_LISTED}`, { signal }));
  const { sending, error, send, stop } = useUpload(about, (id) => setParams({ upload: id, model }));
  const datasets = kept.value?.datasets ?? [];
  return html`<${Panel} title="Your series">
    <${DropZone} label="Drop a file or a folder here" onFiles=${send} busy=${sending !== null}>
      <p class="note">Tables, one series a row or one instant a row, a file or a folder of them (CSV, TSV, zip), .ts, npz, Parquet and more: ${about.suffixes_read.join(" ")}. Up to ${formatBytes(about.max_upload_bytes)}. What is found out about it is shown before anything happens.</p>
    <//>
    ${sending && html`<div class="aug-sending"><${Busy} what=${sending.what} />
      <${Meter} value=${sending.share} label="Sent" text=${formatShare(sending.share)} /><${Button} kind="quiet" onClick=${stop}>Stop<//></div>`}
    <${Refusal} error=${error} />
    <${Refusal} error=${kept.error} />
    ${datasets.length > 0 && html`<div class="aug-or"><${Select} label="or take a dataset that is kept here" value=""
      options=${[["", "Choose a dataset"], ...datasets.map(({ id, name, version, shape }) => [id, `${name}, version ${version}: ${shape.n_cases} series`])]}
      onChange=${(id) => id && setParams({ dataset: id, model })} /><a href=${link("generate")}>or have some generated</a></div>`}
  <//>`;
}

function useUpload(about, done) {
  const [sending, setSending] = useState(null);
  const [error, setError] = useState(null);
  const stopping = useRef(null);
  const send = async (files) => {
    setError(null);
    stopping.current = new AbortController();
    try {
      const file = files.length === 1 ? files[0] : await packTogether(files, setSending);
      requireSize(file, about.max_upload_bytes);
      const tell = (share) => setSending({ what: share < 1 ? `Sending ${file.name}` : `Reading ${file.name}`, share });
      tell(0);
      done((await upload(`uploads?filename=${encodeURIComponent(file.name)}`, file, tell, { signal: stopping.current.signal })).id);
    } catch (failure) {
      setError(failure);
    }
    setSending(null);
  };
  return { sending, error, send, stop: () => stopping.current?.abort() };
}

/** Files that were chosen together belong together: a training and a test set, or a series a file. */
function packTogether(files, tell) {
  const stem = files[0].name.replace(/\.[^.]*$/, "").replace(/_(TRAIN|TEST)$/i, "");
  return zipFiles(files.map((file) => [file.name, file]), `${stem || "series"}.zip`, (what) => tell({ what, share: 0 }));
}

function requireSize(file, most) {
  if (file.size > most) throw new Error(`${file.name} has ${formatBytes(file.size)}; one upload may have ${formatBytes(most)}. Pack it, or split it.`);
  if (!file.size) throw new Error(`${file.name} is empty; choose a file that holds series.`);
}
