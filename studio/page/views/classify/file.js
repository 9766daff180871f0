// A file: where datasets are kept it becomes one, read by the server; else the page itself reads plain tables.

import { post, upload } from "../../api.js";
import { Busy, DropZone, Meter, Refusal, formatBytes, formatShare, html, link, setParams, useState, zipFiles } from "../../ui.js";
import { parseSeries } from "./parse.js";

export function FromFile({ card, about, bring }) {
  const [sending, setSending] = useState(null);
  const [refused, setRefused] = useState(null);
  const kept = !about.why_no_catalogue;
  const take = async (files) => {
    setRefused(null);
    try {
      if (kept) {
        const dataset = await keep(files, setSending);
        setParams({ model: card.name, source: "dataset", dataset: dataset.id });
      } else {
        bring({ ...parseSeries(await files[0].text(), card.series), name: files[0].name.replace(/\.[^.]*$/, "") });
      }
    } catch (error) {
      setRefused(error);
    }
    setSending(null);
  };
  return html`<${DropZone} label="Drop a file of series here" onFiles=${take} busy=${sending !== null} folders=${kept} accept=${kept ? null : ".csv,.tsv,.txt,.json"}>
      <p class="note">${kept ? `${about.suffixes_read.join(" ")}, packed or in a folder, up to ${formatBytes(about.max_upload_bytes)}. It is kept under Datasets.` : "Tables of one series a line: .csv, .tsv, .txt or .json. Datasets are not kept here."}</p>
    <//>
    ${sending && html`<${Busy} what=${sending.share < 1 ? "Sending" : "Reading"} /><${Meter} label="Sent" value=${sending.share} text=${formatShare(sending.share)} />`}
    <${Refusal} error=${refused}>${refused?.upload && html`<p><a href=${link("datasets", { upload: refused.upload })}>Say which columns are what</a> under Datasets, then come back.</p>`}<//>`;
}

/** Upload files and make them a dataset; what cannot be read is refused with its file and row. */
async function keep(files, tell) {
  const stem = files[0].name.replace(/\.[^.]*$/, "");
  const file = files.length === 1 ? files[0] : await zipFiles(files.map((one) => [one.name, one]), `${stem}.zip`);
  tell({ share: 0 });
  const sent = await upload(`uploads?filename=${encodeURIComponent(file.name)}`, file, (share) => tell({ share }));
  if (sent.refusal) throw Object.assign(new Error(describeRefusal(sent.refusal)), { upload: sent.id });
  return post("datasets", { upload: sent.id, settings: sent.settings ?? {}, name: stem });
}

function describeRefusal({ message, file, row }) {
  const where = [file, row === null || row === undefined ? null : `row ${row}`].filter(Boolean).join(", ");
  return where && !message.includes(where) ? `${where}: ${message}` : message;
}
