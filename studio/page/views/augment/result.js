// What became of a dataset: counts, real against made series, their map, report and advice, and the file to take away.

import { download, get } from "../../api.js";
import { classColour } from "../../chart.js";
import { Busy, Button, Panel, Refusal, Select, Toggle, formatNumber, html, link, useAsync, useMemo, useState } from "../../ui.js";
import { findAnswer } from "./answers.js";
import { Calls } from "./calls.js";
import { CountBar } from "./how.js";
import { ResultMap } from "./map.js";
import { Overlay } from "./overlay.js";
import { Report } from "./report.js";
import { listClasses } from "./request.js";

export function Result({ id, original, about }) {
  const made = useAsync((signal) => get(`datasets/${id}`, { signal }), [id]);
  if (made.error) return html`<${Refusal} error=${made.error} />`;
  if (!made.value) return html`<${Busy} what="Reading the result" />`;
  return html`<${Shown} dataset=${made.value} original=${original} about=${about} />`;
}

function Shown({ dataset, original, about }) {
  const answer = useMemo(() => findAnswer(dataset), [dataset]);
  const before = new Map(listClasses(original).map(({ label, count }) => [String(label), count]));
  const kept = new Map((original.kept.length ? original.kept : listClasses(original)).map(({ label, count }) => [String(label), count]));
  const rows = listClasses(dataset).map(({ label, count }) => {
    const name = String(label);
    const made = answer?.report[dataset.classes.length ? name : Object.keys(answer.report)[0]]?.made ?? Math.max(0, count - (kept.get(name) ?? 0));
    return { name, real: before.get(name) ?? 0, count: (before.get(name) ?? 0) + made };
  });
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const made = rows.reduce((sum, { real, count }) => sum + count - real, 0);
  return html`<${Panel} title=${`${formatNumber(made)} series were made`} label="The result" actions=${html`<a href=${link("datasets", { dataset: dataset.id })}>${dataset.name}, version ${dataset.version}, in the catalogue</a>`}>
      <dl class="aug-counts">${rows.map(({ name, real, count }, place) => html`<${CountBar} key=${name} name=${name || "series"} real=${real} made=${count - real} most=${most} colour=${classColour(place)} />`)}</dl>
      <p class="note">Full: yours. Hatched: made by the model.</p>
      <${TakeAway} dataset=${dataset} original=${original} about=${about} />
    <//>
    <${Panel} title="Real against made"><${Overlay} dataset=${dataset} /><//>
    <${Panel} title="Where they lie"><${ResultMap} dataset=${dataset} /><//>
    <${Panel} title="What the model says of them"><${Report} answer=${answer} dataset=${dataset} /><//>
    <${Panel} title="The same, from a program"><${Calls} dataset=${dataset} original=${original} answer=${answer} keyed=${about.keyed} /><//>`;
}

function TakeAway({ dataset, original, about }) {
  const written = about.suffixes_written;
  const [suffix, setSuffix] = useState(written.includes(original.suffix) ? original.suffix : (written[0] ?? ".csv"));
  const [long, setLong] = useState(false);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const isTable = [".csv", ".tsv", ".parquet", ".feather", ".txt", ".xlsx"].includes(suffix);
  const take = async () => {
    setBusy(true);
    setError(null);
    try {
      const query = `suffix=${encodeURIComponent(suffix)}${long && isTable ? "&long=true" : ""}`;
      await download(`datasets/${dataset.id}/file?${query}`, `${dataset.name}${suffix}`);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return html`<div class="row aug-take">
      <${Select} label="Format" value=${suffix} onChange=${setSuffix} options=${written.map((one) => [one, one === original.suffix ? `${one}, as it came` : one])} />
      ${isTable && html`<${Toggle} label="An instant a row" value=${long} onChange=${setLong} />`}
      <${Button} kind="main" disabled=${busy} onClick=${take}>${busy ? "Writing it…" : "Download"}<//>
    </div>
    <p class="note">A column <code>synthetic</code> says which series were made, and <code>sample_weight</code> what each is to weigh.</p>
    <${Refusal} error=${error} />`;
}
