// The series that is chosen: with its reconstruction, the difference shaded, and the probability of each class.

import { SeriesChart, classColour, resolveColour } from "../../chart.js";
import { Button, Meter, formatNumber, formatShare, html, useMemo, useState } from "../../ui.js";

const MOST_CHANNELS = 4;
const MOST_CLASSES = 12;

export function One({ card, row, classes }) {
  const [all, setAll] = useState(false);
  const names = card.series.channel_names ?? row.series.map((_, channel) => `Channel ${channel + 1}`);
  const shown = all ? row.series.length : Math.min(row.series.length, MOST_CHANNELS);
  return html`<div class="stack">
    ${row.series.slice(0, shown).map((_, channel) => html`<${Channel} key=${channel} row=${row} channel=${channel} title=${row.series.length > 1 ? names[channel] : "Series and reconstruction"} height=${row.series.length > 1 ? 150 : 260} />`)}
    ${row.series.length > shown && html`<${Button} kind="quiet" onClick=${() => setAll(true)}>Show all ${row.series.length} channels<//>`}
    ${row.probabilities && html`<${Probabilities} row=${row} classes=${classes} />`}
    <${Oddity} row=${row} />
  </div>`;
}

function Channel({ row, channel, title, height }) {
  const values = row.series[channel];
  const rebuilt = row.reconstruction?.[channel];
  const lines = useMemo(() => [
    { values, label: "series", colour: "var(--ink)", width: 1.75 },
    ...(rebuilt ? [{ values: rebuilt, label: "reconstruction", colour: "var(--accent)", dash: true }] : []),
  ], [values, rebuilt]);
  const shade = useMemo(() => (rebuilt ? (plot) => shadeDifference(plot, values, rebuilt) : undefined), [values, rebuilt]);
  return html`<${SeriesChart} lines=${lines} height=${height} title=${title} onDraw=${shade} />`;
}

/** Fill between series and reconstruction, and below it a band that is the darker, the larger the error there. */
function shadeDifference(plot, values, rebuilt) {
  const { ctx: context, bbox } = plot;
  const across = (index) => plot.valToPos(index, "x", true);
  const up = (value) => plot.valToPos(value, "y", true);
  const errors = values.map((value, index) => (value === null || rebuilt[index] == null ? 0 : (value - rebuilt[index]) ** 2));
  const most = Math.max(...errors) || 1;
  context.save();
  context.fillStyle = resolveColour("var(--bad)");
  for (let index = 1; index < values.length; index += 1) {
    const corners = [values[index - 1], values[index], rebuilt[index], rebuilt[index - 1]];
    if (corners.some((value) => value === null || value === undefined)) continue;
    const [left, right] = [across(index - 1), across(index)];
    context.globalAlpha = 0.22;
    context.beginPath();
    context.moveTo(left, up(corners[0]));
    context.lineTo(right, up(corners[1]));
    context.lineTo(right, up(corners[2]));
    context.lineTo(left, up(corners[3]));
    context.fill();
    context.globalAlpha = 0.85 * (errors[index] / most);
    const band = 6 * (devicePixelRatio || 1);
    context.fillRect(Math.round(left), bbox.top + bbox.height - band, Math.round(right) - Math.round(left), band);
  }
  context.restore();
}

function Probabilities({ row, classes }) {
  const order = row.probabilities.map((share, index) => ({ share, index })).sort((one, other) => other.share - one.share).slice(0, MOST_CLASSES);
  return html`<div><h3>Probabilities</h3>
    <ul class="shares">${order.map(({ share, index }) => html`<li><span class="class-name">${String(classes[index])}</span>
      <${Meter} value=${share} label=${`Class ${classes[index]}`} colour=${classColour(index)} /><span class="number">${formatShare(share, share > 0.995 || share < 0.005 ? 2 : 0)}</span></li>`)}</ul>
    ${row.given !== null && html`<p class="note">Given label: ${String(row.given)}${String(row.given) === String(row.label) ? ", the same." : ", another."}</p>`}</div>`;
}

function Oddity({ row }) {
  if (row.score === null && row.typicality === null && row.error === null) return null;
  return html`<dl class="oddity">
    ${row.score !== null && html`<div><dt>Anomaly score</dt><dd><span class=${`figure ${row.anomalous ? "odd" : ""}`}>${formatNumber(row.score, 2)}</span>
      <p class="note">${row.anomalous ? "Anomalous" : "Usual"}: ${row.anomalous ? "the reconstruction misses it by more than it misses 99\u202f% of cases not trained on." : "the model rebuilds it as well as cases that it was not trained on. Above 1 is anomalous."}</p></dd></div>`}
    ${row.typicality !== null && html`<div><dt>Typicality</dt><dd><span class="figure">${formatShare(row.typicality)}</span>
      <p class="note">of held-out training cases are less usual than this one. Near 0, it is unlike anything the model knows.</p></dd></div>`}
    ${row.score === null && row.error !== null && html`<div><dt>Error</dt><dd><span class="figure">${formatNumber(row.error)}</span><p class="note">Mean squared difference. What is usual is not known of this model: it had too few cases.</p></dd></div>`}
  </dl>`;
}
