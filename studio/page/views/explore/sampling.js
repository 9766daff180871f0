// For models whose series have no place on a plane: what they make, class by class.

import { post } from "../../api.js";
import { SeriesGrid, classColour } from "../../chart.js";
import { Busy, Button, NumberInput, Panel, Refusal, html, setParams, useAsync, useRoute, useSettled } from "../../ui.js";
import { BetweenClasses } from "./blend.js";
import { cutToLength, describeAcceptance } from "./samples.js";

export function SamplingOnly({ card }) {
  const { params } = useRoute();
  const each = Math.max(1, Math.min(50, Number(params.each) || 12));
  const seed = Number(params.seed) || 0;
  const wish = useSettled(`${each}/${seed}`, 120);
  const made = useAsync((signal) => post("sample", { model: card.name, n_per_class: each, seed }, { signal }), [card.name, wish]);
  const change = (more) => setParams((known) => ({ ...known, model: card.name, ...more }));
  const places = new Map(card.classes.map(({ label }, place) => [String(label), place]));
  return html`<${Panel} title="What it makes" wide><div class="ex-stack">
    <p>${card.name} makes series out of class and noise. It has no encoder and no decoder, so there is no plane to lay series out on; a model with an encoder has one.</p>
    <div class="ex-controls">
      <${NumberInput} label="Series a class" min=${1} max=${50} step=${1} value=${each} onInput=${(value) => change({ each: value })} />
      <${NumberInput} label="Seed" min=${0} step=${1} value=${seed} onInput=${(value) => change({ seed: value })} hint="Equal seeds give equal series." />
      <${Button} kind="main" onClick=${() => change({ seed: Math.floor(Math.random() * 1e6) })}>Draw others<//>
    </div>
    <${Refusal} error=${made.error} />
    ${!made.value && made.busy && html`<${Busy} what="Making series" />`}
    ${made.value && html`<${SeriesGrid} series=${cutToLength(made.value)} labels=${made.value.labels.map(String)}
      colours=${made.value.labels.map((label) => classColour(places.get(String(label)) ?? 0))} />
      <p class="note">${describeAcceptance(made.value.acceptance, card)}</p>`}
  </div><//>
  ${card.operations.includes("blend") && card.classes.length > 1 && html`<${BetweenClasses} card=${card} params=${params} seed=${seed} />`}`;
}
