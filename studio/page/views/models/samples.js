// Series that a model makes, drawn over each other in the colours of their classes, and how many cases each class had.

import { post } from "../../api.js";
import { SeriesChart, classColour } from "../../chart.js";
import { Busy, Button, Refusal, html, useAsync, useEffect, useMemo, useRef, useState } from "../../ui.js";

const SAMPLES = 5; // of each class, as long as
const MOST_VALUES = 8000; // of all of them are no more: a first look must not weigh much
const MOST_CLASSES = 8;

export function Samples({ card }) {
  const place = useRef();
  const [seen, setSeen] = useState(false);
  const [seed, setSeed] = useState(0);
  const [channel, setChannel] = useState(0);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && setSeen(true), { rootMargin: "200px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const shown = card.classes.slice(0, MOST_CLASSES);
  const { value, error, busy } = useAsync(async (signal) => {
    if (!seen) return null;
    const size = shown.length * card.series.n_channels * card.series.n_timepoints;
    const each = Math.max(1, Math.min(SAMPLES, Math.floor(MOST_VALUES / size)));
    const counts = Object.fromEntries(shown.map(({ label }) => [label, each]));
    return post("sample", { model: card.name, counts, seed }, { signal });
  }, [seen, seed, card.name, card.version]);
  const lines = useMemo(() => (value ? buildLines(value, card.classes, channel) : []), [value, channel]);
  const names = card.series.channel_names ?? Array.from({ length: card.series.n_channels }, (_, index) => `channel ${index + 1}`);
  return html`<div ref=${place} class="samples">
    <div class="samples-head"><h3>Series that it makes</h3>
      ${card.series.n_channels > 1 && html`<select aria-label="Channel" onChange=${(event) => setChannel(Number(event.target.value))}>${names.map((text, index) => html`<option value=${index}>${text}</option>`)}</select>`}
      <${Button} kind="quiet" onClick=${() => setSeed(seed + 1)} disabled=${busy}>Others<//></div>
    <${Refusal} error=${error} />
    ${lines.length > 0 ? html`<${SeriesChart} lines=${lines} height=${270} legend=${false} title="" />` : !error && html`<div style="height:270px">${seen && html`<${Busy} what="Making series" />`}</div>`}
    <${Classes} card=${card} shown=${shown} />
  </div>`;
}

/** Lines for a chart of one channel of what /sample answered, in the colours of the classes. */
export function buildLines({ series, labels, lengths }, classes, channel) {
  const indexes = new Map(classes.map(({ label }, index) => [label, index]));
  return series.map((one, index) => ({
    values: lengths ? one[channel].slice(0, lengths[index]) : one[channel],
    colour: classColour(indexes.get(labels[index]) ?? 0),
    width: 1.25,
    opacity: 0.6,
  }));
}

function Classes({ card, shown }) {
  const most = Math.max(...card.classes.map((one) => one.training_count));
  const hidden = card.classes.length - shown.length;
  return html`<ul class="classes">${shown.map(({ label, training_count: count }, index) => html`<li>
      <span class="swatch" style=${`background:${classColour(index)}`}></span><span class="class-name">${String(label)}</span>
      <span class="bar" aria-hidden="true"><i style=${`width:${(100 * count) / most}%;background:${classColour(index)}`}></i></span>
      <span class="number">${count}</span></li>`)}
    ${hidden > 0 && html`<li class="note">and ${hidden} more</li>`}</ul>
    <p class="note">Training cases of each class.</p>`;
}
