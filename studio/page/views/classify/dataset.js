// A dataset of the catalogue.

import { get } from "../../api.js";
import { Busy, Refusal, Select, html, link, setParams, useAsync, useEffect } from "../../ui.js";

const MOST_LISTED = 200;
const MOST_SERIES = 500;

export function FromDataset({ card, params, bring }) {
  const kept = useAsync((signal) => get(`datasets?limit=${MOST_LISTED}`, { signal }));
  const { dataset } = params;
  const datasets = kept.value?.datasets ?? [];
  const chosen = useAsync((signal) => (dataset ? get(`datasets/${dataset}`, { signal }) : null), [dataset]);
  const part = params.part ?? (chosen.value?.shape.n_test ? "test" : "train");
  const ready = chosen.value && chosen.value.id === dataset;
  const series = useAsync(
    (signal) => (ready ? get(`datasets/${dataset}/series?limit=${MOST_SERIES}&part=${part}`, { signal }) : null),
    [ready ? dataset : "", part],
  );
  useEffect(() => {
    bring(ready && series.value && !series.busy ? prepare(series.value, chosen.value, part) : null);
  }, [ready, series.value, series.busy]);
  const change = (changes) => setParams({ model: card.name, source: "dataset", dataset, ...changes });
  if (kept.value && !datasets.length && !dataset) {
    return html`<p>No dataset is kept here yet: <a href=${link("datasets")}>bring one</a>, or <a href=${link("generate")}>have one generated</a>.</p>`;
  }
  return html`<div class="row">
      <${Select} label="Dataset" value=${dataset ?? ""} onChange=${(id) => change({ dataset: id })} options=${[["", "Choose a dataset"], ...list(datasets, chosen.value, card)]} />
      ${ready && chosen.value.shape.n_test > 0 && html`<${Select} label="Part" value=${part} onChange=${(value) => change({ part: value })}
        options=${[["train", `training, ${chosen.value.shape.n_cases}`], ["test", `test, ${chosen.value.shape.n_test}`]]} />`}
    </div>
    ${(kept.busy || series.busy) && dataset && html`<${Busy} what="Reading the series" />`}
    <${Refusal} error=${kept.error ?? chosen.error ?? series.error} />`;
}

function list(datasets, chosen, card) {
  const all = chosen && !datasets.some(({ id }) => id === chosen.id) ? [chosen, ...datasets] : datasets;
  const fits = ({ shape }) => shape.n_channels === card.series.n_channels;
  const name = (one) => `${one.name}, version ${one.version}: ${one.shape.n_cases} series${fits(one) ? "" : `, ${one.shape.n_channels} channels`}`;
  return [...all.filter(fits), ...all.filter((one) => !fits(one))].map((one) => [one.id, name(one)]);
}

function prepare({ series, labels, total, synthetic }, { name }, part) {
  const notes = total > series.length ? [`The first ${series.length} of ${total} series are shown.`] : [];
  if (part === "train" && !synthetic?.some(Boolean)) notes.push("If the model was fitted to this part, what it says here flatters it: oddities that it has seen score lower than new ones would. Their order says more than the scores.");
  return { series, labels: labels?.some((label) => label !== null) ? labels : null, notes, name };
}
