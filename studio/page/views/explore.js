// Explore: the latent space of a model, with the series that each of its points stands for.

import { about, get } from "../api.js";
import { Busy, Empty, Heading, Panel, Refusal, Select, html, link, setParams, useAsync, useMemo, useRoute } from "../ui.js";
import { LatentRoom } from "./explore/latent.js";
import { SamplingOnly } from "./explore/sampling.js";
import { fitsShape } from "./explore/shape.js";
import { loadStyle } from "./stylesheet.js";

await loadStyle("studio/views/explore/style.css");

const MOST_LISTED = 200;

export default function Explore() {
  const { params } = useRoute();
  const models = useAsync((signal) => get("models", { signal }));
  const kept = useAsync(async (signal) => ((await about()).why_no_catalogue ? null : get(`datasets?limit=${MOST_LISTED}`, { signal })));
  const cards = useMemo(() => (models.value?.models ?? []).filter(canExplore), [models.value]);
  const card = cards.find(({ name }) => name === params.model) ?? (params.model ? null : cards[0]);
  const datasets = useMemo(() => (kept.value?.datasets ?? []).filter(({ shape }) => card && fitsShape(shape, card.series)), [kept.value, card]);
  const choose = (model) => setParams({ model });
  const lead = card && !canLook(card) ? "What the model makes of a class and noise." : "Every point of this plane is a series. Drag over it, and the series follows.";
  if (models.error) return html`<${Heading} title="Explore" lead=${lead} /><${Refusal} error=${models.error} />`;
  if (models.busy) return html`<${Heading} title="Explore" lead=${lead} /><${Busy} what="Reading the models" />`;
  return html`<${Heading} title="Explore" lead=${lead} />
    <div class="explore-choice">
      <${Select} label="Model" value=${card?.name ?? ""} onChange=${choose}
        options=${[...(card ? [] : [["", "Choose a model"]]), ...cards.map(({ name }) => [name, name])]} />
      ${card && canLook(card) && html`<${Select} label="Series on the plane" value=${params.dataset ?? ""}
        onChange=${(dataset) => setParams({ model: card.name, dataset })} options=${listSources(card, datasets, params.dataset)} />`}
    </div>
    ${card === null || card === undefined
      ? html`<${ChooseAnother} name=${params.model} cards=${cards} />`
      : canLook(card)
        ? html`<${LatentRoom} key=${`${card.name}/${card.version}/${params.dataset ?? ""}`} card=${card} dataset=${params.dataset ?? ""} />`
        : html`<${SamplingOnly} key=${card.name} card=${card} />`}`;
}

const canExplore = ({ operations }) => operations.includes("decode") || operations.includes("sample");
const canLook = ({ operations }) => operations.includes("decode");

function listSources(card, datasets, chosen) {
  const sources = datasets.map(({ id, name, version }) => [id, `${name}, version ${version}`]);
  if (chosen && !sources.some(([id]) => id === chosen)) sources.push([chosen, "the dataset that the address names"]);
  if (card.operations.includes("sample")) return [["", "made by the model"], ...sources];
  return chosen ? sources : [["", "choose a dataset"], ...sources];
}

function ChooseAnother({ name, cards }) {
  if (!cards.length) {
    return html`<${Empty} title="No model that is served has a space to explore.">
      <p>It needs one that makes or decodes series. <a href=${link("fits")}>Fit one</a> to a dataset of yours.</p><//>`;
  }
  return html`<${Panel}><p>No model here is called ${name}, or it neither decodes nor makes series. Choose another above.</p><//>`;
}
