// New series of each class, from the mixture as wide as the slider says.

import { post } from "../../api.js";
import { SeriesGrid } from "../../chart.js";
import { Button, NumberInput, Refusal, Slider, formatShare, html, setParams, useAsync, useEffect, useSettled } from "../../ui.js";

const MOST_EACH = 50;
const REST = 120;

export function SamplesTab({ card, kinds, params, expansion, onMade }) {
  const each = Math.max(1, Math.min(MOST_EACH, Number(params.each) || 6));
  const seed = params.seed === undefined ? 0 : Number(params.seed) || 0;
  const wish = useSettled(`${expansion}/${each}/${seed}`, REST);
  const made = useAsync((signal) => makeSeries(card, { expansion, each, seed }, signal), [card.name, wish]);
  useEffect(() => onMade(made.value), [made.value]);
  useEffect(() => () => onMade(null), []);
  const change = (more) => setParams((known) => ({ ...known, ...more }));
  const colours = (made.value?.kinds ?? []).map((kind) => kinds.colours[kind] ?? "var(--accent)");
  return html`<div class="ex-stack ex-samples">
    <div class="ex-controls">
      ${card.expansion !== null && html`<${Slider} label="Expansion" min=${0.1} max=${4} step=${0.1} value=${expansion} format=${(value) => `× ${value.toFixed(1)}`}
        onInput=${(value) => change({ expansion: value })} hint="Factor on the mixture's covariance: above 1, series go beyond what was seen." />`}
      <${NumberInput} label="Series a class" min=${1} max=${MOST_EACH} step=${1} value=${each} onInput=${(value) => change({ each: value })} />
      <${NumberInput} label="Seed" min=${0} step=${1} value=${seed} onInput=${(value) => change({ seed: value })} hint="Equal seeds give equal series." />
      <${Button} onClick=${() => change({ seed: Math.floor(Math.random() * 1e6) })}>Draw others<//>
    </div>
    <${Refusal} error=${made.error} />
    ${made.value && html`<${SeriesGrid} series=${made.value.series} labels=${made.value.labels.map((label) => (card.labelled ? String(label) : ""))} colours=${colours} />
      <p class="note">${describeAcceptance(made.value.acceptance, card)}</p>`}
  </div>`;
}

async function makeSeries(card, { expansion, each, seed }, signal) {
  const wide = card.expansion === null ? {} : { expansion };
  const made = await post("sample", { model: card.name, n_per_class: each, seed, ...wide }, { signal });
  const places = new Map(card.classes.map(({ label }, place) => [String(label), place]));
  const classes = made.labels.map((label) => places.get(String(label)) ?? 0);
  if (!card.operations.includes("encode")) return { ...made, latent: [], kinds: classes };
  const wanted = card.classes.length === 1 ? { with: ["cluster"] } : {};
  const codes = await post("encode", { model: card.name, series: cutToLength(made), ...wanted }, { signal });
  const clusters = card.classes.length === 1 ? codes.cluster : null;
  return { ...made, series: cutToLength(made), latent: codes.posterior_mean, kinds: clusters ?? classes };
}

/** The series without what fills them up behind their own lengths. */
export function cutToLength({ series, lengths }) {
  return lengths ? series.map((channels, place) => channels.map((values) => values.slice(0, lengths[place]))) : series;
}

export function describeAcceptance(acceptance, card) {
  const shares = Object.entries(acceptance).map(([label, share]) => (card.labelled ? `class ${label}: ${formatShare(share)}` : formatShare(share)));
  return `Of what was proposed, so much was kept: ${shares.join(", ")}. The rest was more like another class.`;
}
