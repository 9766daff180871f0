// Labels, probabilities and oddities of series that a person brings.

import { about, get } from "../api.js";
import { Busy, Empty, Heading, Panel, Refusal, Select, Tabs, html, setParams, useAsync, useMemo, useState } from "../ui.js";
import { FromDataset } from "./classify/dataset.js";
import { FromFile } from "./classify/file.js";
import { FromModel } from "./classify/sampled.js";
import { FromText } from "./classify/pasted.js";
import { Judged } from "./classify/judged.js";

const SOURCES = { sample: FromModel, paste: FromText, file: FromFile, dataset: FromDataset };
const TITLES = { sample: "Series of the model", paste: "Paste", file: "A file", dataset: "A dataset" };

export default function View({ params }) {
  const models = useAsync((signal) => get("models", { signal }));
  const possible = useAsync(about);
  const cards = useMemo(() => (models.value?.models ?? []).filter(canJudge), [models.value]);
  const card = cards.find(({ name }) => name === params.model) ?? (params.model ? null : cards[0]);
  const source = SOURCES[params.source] ? params.source : params.dataset ? "dataset" : "sample";
  const lead = "Bring series, and see what a model makes of each: its label, how sure that is, and how unlike all it knows.";
  if (!models.value || !possible.value) {
    const error = models.error ?? possible.error;
    return html`<${Heading} title="Classify" lead=${lead} />${error ? html`<${Refusal} error=${error} />` : html`<${Busy} what="Reading the models" />`}`;
  }
  if (!cards.length) return html`<${Heading} title="Classify" lead=${lead} /><${Empty} title="No model here classifies or reconstructs series" />`;
  const choose = (model) => setParams((before) => ({ ...before, model, row: "" }));
  const turn = (chosen) => setParams({ model: card?.name, source: chosen });
  return html`<link rel="stylesheet" href="studio/views/classify/style.css" /><${Heading} title="Classify" lead=${lead} />
    ${card
      ? html`<${Room} key=${card.name} card=${card} cards=${cards} source=${source} params=${params} kept=${!possible.value.why_no_catalogue} about=${possible.value} choose=${choose} turn=${turn} />`
      : html`<${Refusal} error=${`No model ${params.model} is served that classifies or reconstructs series.`} />
        <${Select} label="Model" value="" options=${[["", "Choose a model"], ...cards.map(({ name }) => [name, name])]} onChange=${choose} />`}`;
}

const canJudge = ({ operations }) => operations.includes("classify") || operations.includes("reconstruct");

/** `brought`: `{series [n][n_channels][n_timepoints], labels or null, notes, name}`, from whichever source is shown. */
function Room({ card, cards, source, params, kept, about: possible, choose, turn }) {
  const [brought, setBrought] = useState(null);
  const Source = SOURCES[source];
  const tabs = Object.entries(TITLES).filter(([name]) => kept || name !== "dataset");
  const change = (chosen) => {
    setBrought(null);
    turn(chosen);
  };
  return html`<${Panel} label="Series to judge">
      <div class="intake">
        <div><${Select} label="Model" value=${card.name} options=${cards.map(({ name }) => [name, name])} onChange=${choose} />
          <p class="note">${describeShape(card)}</p></div>
        <${Tabs} label="Where the series come from" tabs=${tabs} value=${source} onChange=${change}>
          <${Source} card=${card} params=${params} about=${possible} bring=${setBrought} />
        <//>
      </div>
    <//>
    ${brought && html`<${Judged} card=${card} brought=${brought} params=${params} />`}`;
}

function describeShape({ series, labelled, classes }) {
  const channels = series.n_channels === 1 ? "one channel" : `${series.n_channels} channels`;
  const length = series.length_policy === "fixed" || !series.shortest ? `${series.n_timepoints} timepoints` : `${series.shortest} to ${series.longest} timepoints`;
  return `It takes series of ${channels} and ${length}${labelled ? `, and knows the classes ${classes.slice(0, 6).map(({ label }) => label).join(", ")}${classes.length > 6 ? " …" : ""}` : ". It learned from unlabelled data: no labels, anomalies only"}.`;
}
