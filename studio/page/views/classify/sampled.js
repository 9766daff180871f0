// Series that the model makes itself, and on request some that are spoiled, to see what an anomaly looks like.

import { post } from "../../api.js";
import { Busy, Button, Refusal, Toggle, html, setParams, useAsync, useEffect } from "../../ui.js";

const EACH = 40; // over all classes
const EVERY = 5;

export function FromModel({ card, params, bring }) {
  const seed = Number(params.seed ?? 0);
  const spoils = params.spoil === "yes";
  const perClass = Math.max(1, Math.floor(EACH / card.classes.length));
  const offers = card.operations.includes("sample");
  const { value, error, busy } = useAsync((signal) => (offers ? post("sample", { model: card.name, n_per_class: perClass, seed }, { signal }) : null), [card.name, card.version, seed]);
  useEffect(() => {
    if (value) bring(prepare(value, card, spoils));
  }, [value, spoils]);
  const change = (changes) => setParams((before) => ({ ...before, ...changes, row: "" }));
  if (!offers) return html`<p>${card.name} makes no series; bring your own.</p>`;
  return html`<p>${perClass * card.classes.length} series that ${card.name} makes, to see what it says of usual ones.</p>
    <div class="row">
      <${Button} onClick=${() => change({ seed: seed + 1 })} disabled=${busy}>Make others<//>
      <${Toggle} label="Spoil every fifth" hint="a spike, a step or noise, to see what an anomaly looks like" value=${spoils} onChange=${(spoil) => change({ spoil: spoil ? "yes" : "" })} />
    </div>
    ${busy && !value && html`<${Busy} what="Making series" />`}<${Refusal} error=${error} />`;
}

function prepare({ series, labels, lengths }, card, spoils) {
  const whole = lengths ? series.map((one, index) => one.map((channel) => channel.slice(0, lengths[index]))) : series;
  const made = spoils ? whole.map((one, index) => (index % EVERY === EVERY - 1 ? spoil(one, index) : one)) : whole;
  return { series: made, labels: card.labelled ? labels : null, notes: [], name: `${card.name}-sampled` };
}

/** A spike, a step or noise in every channel, as large as the series' own range. */
function spoil(series, seed) {
  return series.map((channel, at) => {
    const known = channel.filter((value) => value !== null);
    const reach = (Math.max(...known) - Math.min(...known)) || 1;
    const start = Math.floor(channel.length * (0.25 + 0.05 * ((seed + at) % 8)));
    const kinds = [
      (value, time) => (Math.abs(time - start) < 2 ? value + reach : value),
      (value, time) => (time >= start ? value + 0.6 * reach : value),
      (value, time) => value + 0.35 * reach * Math.sin(12.9898 * (time + 1) * (seed + 1)) * Math.cos(78.233 * time),
    ];
    return channel.map((value, time) => (value === null ? null : kinds[Math.floor(seed / EVERY) % 3](value, time)));
  });
}
