// From one class to another, of a model that makes series of class and noise: the noise stays, the class changes.

import { post } from "../../api.js";
import { Panel, Refusal, Select, html, setParams, useAsync, useMemo, useState } from "../../ui.js";
import { Channels } from "./channels.js";
import { Scrub } from "./scrub.js";
import { nameChannels } from "./shape.js";

const STEPS = 61;

export function BetweenClasses({ card, params, seed }) {
  const labels = card.classes.map(({ label }) => String(label));
  const [from, to] = [pick(params.from, labels, 0), pick(params.to, labels, 1)];
  const way = useAsync((signal) => fetchWay(card, from, to, seed, signal), [card.name, from, to, seed]);
  const [position, setPosition] = useState(Number(params.position) || 0);
  const ranges = useMemo(() => way.value && findRanges(way.value.series), [way.value]);
  const names = useMemo(() => nameChannels(card.series), [card]);
  const shown = way.value?.series[Math.round(position * (STEPS - 1))];
  const change = (more) => setParams((known) => ({ ...known, model: card.name, ...more }));
  const options = labels.map((label) => [label, `class ${label}`]);
  return html`<${Panel} title="Between two classes" wide><div class="ex-stack">
    <p class="note">The noise of a series stays as it is while its class changes: what moves is what tells the two apart.</p>
    <div class="row">
      <${Select} label="From" value=${from} options=${options} onChange=${(value) => change({ from: value })} />
      <${Select} label="To" value=${to} options=${options} onChange=${(value) => change({ to: value })} />
    </div>
    <${Refusal} error=${way.error} />
    <${Scrub} label=${`From class ${from} to class ${to}`} steps=${STEPS} ready=${Boolean(way.value)} position=${position}
      onShow=${setPosition} onStop=${(share) => change({ position: share.toFixed(2) })} />
    ${shown && html`<${Channels} names=${names} ranges=${ranges} height=${220} lines=${[{ series: shown, label: "series", colour: "var(--accent)" }]} />`}
  </div><//>`;
}

const pick = (text, labels, place) => (labels.includes(text) ? text : labels[Math.min(place, labels.length - 1)]);

const fetchWay = (card, from, to, seed, signal) =>
  post("blend", { model: card.name, start_labels: [from], end_labels: [to], steps: STEPS, seed }, { signal });

/** The lowest and the highest value of each channel on the whole way, so that axes stay where they are. */
function findRanges(series) {
  return series[0].map((_, channel) => {
    const values = series.flatMap((one) => one[channel]);
    return [Math.min(...values), Math.max(...values)];
  });
}
