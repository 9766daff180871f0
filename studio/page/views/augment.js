// Augment: a file comes in, and goes out with series that a model made of its own.

import { about, get } from "../api.js";
import { Busy, Button, Heading, Panel, Refusal, html, setParams, useAsync, useRoute } from "../ui.js";
import { Check } from "./augment/check.js";
import { countReal } from "./augment/counts.js";
import { DatasetSummary } from "./augment/summary.js";
import { Intake } from "./augment/intake.js";
import { Making } from "./augment/making.js";
import { Result } from "./augment/result.js";
import { loadStyle } from "./stylesheet.js";

await loadStyle("studio/views/augment/style.css");

const LEAD = "Drop your series, see what a model would add to them, and take both away.";

export default function Augment() {
  const possible = useAsync(about);
  return html`<${Heading} title="Augment" lead=${LEAD} />
    <${Refusal} error=${possible.error} />
    ${possible.busy && html`<${Busy} what="Asking what is possible here" />`}
    ${possible.value && (possible.value.why_no_catalogue ? html`<${Without} why=${possible.value.why_no_catalogue} />` : html`<${Steps} about=${possible.value} />`)}`;
}

function Without({ why }) {
  return html`<${Panel}><p>${why}</p><p>What this view does can be had of <code>POST /augment</code> meanwhile; the <a href="docs">API reference</a> says how.</p><//>`;
}

/** What the address holds says which step it is: nothing, an upload, a dataset, or a result besides. */
function Steps({ about }) {
  const { params } = useRoute();
  if (params.dataset) return html`<${OfDataset} key=${params.dataset} id=${params.dataset} about=${about} result=${params.result} />`;
  if (params.upload) return html`<${Check} key=${params.upload} id=${params.upload} model=${params.model} />`;
  return html`<${Intake} about=${about} model=${params.model} />`;
}

function OfDataset({ id, about, result }) {
  const dataset = useAsync(async (signal) => countReal(await get(`datasets/${id}`, { signal }), signal), [id]);
  const another = html`<${Button} kind="quiet" onClick=${() => setParams({})}>Take other series<//>`;
  if (dataset.error) return html`<${Refusal} error=${dataset.error}>${another}<//>`;
  if (!dataset.value) return html`<${Busy} what="Reading the dataset" />`;
  return html`<${DatasetSummary} dataset=${dataset.value} actions=${another} />
    <${Making} dataset=${dataset.value} />
    ${result && html`<${Result} key=${result} id=${result} original=${dataset.value} about=${about} />`}`;
}
