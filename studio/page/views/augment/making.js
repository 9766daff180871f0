// A model is chosen, and how it makes series.

import { get, post } from "../../api.js";
import { Busy, Button, Empty, Panel, Refusal, Select, html, link, setParams, useAsync, useMemo, useRoute, useState } from "../../ui.js";
import { findObstacle } from "./fitting.js";
import { How } from "./how.js";
import { buildRequest, countMade } from "./request.js";
import { keepAnswer } from "./answers.js";

export function Making({ dataset }) {
  const { params } = useRoute();
  const models = useAsync((signal) => get("models", { signal }));
  const able = useMemo(() => (models.value?.models ?? []).map((card) => ({ card, obstacle: findObstacle(card, dataset) })), [models.value, dataset]);
  const fitting = able.filter(({ obstacle }) => !obstacle).map(({ card }) => card);
  const card = fitting.find(({ name }) => name === params.model) ?? fitting[0];
  const set = (more) => setParams((known) => ({ ...known, ...more }));
  if (models.error) return html`<${Refusal} error=${models.error} />`;
  if (!models.value) return html`<${Busy} what="Looking for models that fit" />`;
  if (!card) return html`<${NoModel} able=${able} dataset=${dataset} />`;
  return html`<${Panel} title="What is added">
    ${params.model && params.model !== card.name && html`<p class="note">${explainOther(able, params.model)}</p>`}
    <div class="stack">
      <${Select} label="Model" value=${card.name} options=${fitting.map(({ name, version }) => [name, `${name}, version ${version}`])} onChange=${(model) => set({ model, policy: "", expansion: "" })}
        hint=${card.advice?.message} />
      <${How} card=${card} dataset=${dataset} params=${params} set=${set} />
      <${Make} card=${card} dataset=${dataset} params=${params} set=${set} />
      ${able.length > fitting.length && html`<details class="aug-more-settings"><summary>Models that do not fit, and why</summary>
        <ul class="aug-notes">${able.filter(({ obstacle }) => obstacle).map(({ card: other, obstacle }) => html`<li>${other.name}: ${obstacle}</li>`)}</ul></details>`}
      <p class="note">None that was fitted to these very series? <a href=${link("fits", { dataset: dataset.id })}>Fit one to them</a>; it takes minutes.</p>
    </div>
  <//>`;
}

function NoModel({ able, dataset }) {
  return html`<${Panel} title="What is added">
    <${Empty} title="No model here fits these series yet."><p>Fit one to them: it learns what they look like, and says whether its series help.</p>
      <p><a class="button main" href=${link("fits", { dataset: dataset.id })}>Fit a model to ${dataset.name}</a></p><//>
    <ul class="aug-notes">${able.map(({ card, obstacle }) => html`<li>${card.name}: ${obstacle}</li>`)}</ul>
  <//>`;
}

function explainOther(able, name) {
  const found = able.find(({ card }) => card.name === name);
  return found ? `${name} does not fit these series: ${found.obstacle}.` : `No model called ${name} is served here.`;
}

function Make({ card, dataset, params, set }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await post(`datasets/${dataset.id}/augment`, buildRequest(params, card.name, dataset));
      keepAnswer(answer);
      set({ model: card.name, seed: String(answer.seed), result: answer.dataset.id });
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return html`<div><${Button} kind="main" disabled=${busy || !countMade(params, dataset)} onClick=${make}>${busy ? "Making them…" : params.result ? "Make them again" : "Make them"}<//>
    ${busy && html`<${Busy} what="The model makes series" />`}<${Refusal} error=${error} /></div>`;
}
