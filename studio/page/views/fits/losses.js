// The losses of a fit's stages. The newest stage is followed until one is chosen.

import { Button, Meter, Panel, Toggle, formatNumber, html, setParams, useMemo } from "../../ui.js";
import { SeriesChart, classColour } from "../../chart.js";

export function Losses({ record, running, params }) {
  const stages = [...record.stages.values()];
  const followed = record.stages.has(params.stage) ? null : pickStage(record);
  const stage = record.stages.get(params.stage) ?? followed;
  const log = params.log === "1";
  const follow = params.stage && running && html`<${Button} kind="quiet" onClick=${() => setParams((before) => ({ ...before, stage: "" }))}>Follow the newest<//>`;
  return html`<${Panel} title="Losses" actions=${html`${follow}<${Toggle} label="Logarithmic" value=${log} onChange=${(on) => setParams((before) => ({ ...before, log: on ? 1 : "" }))} />`}>
    <div class="ds-side fit-sides">
      <ul class="ds-plain fit-stages" aria-label="Stages">${stages.map((one) => html`<li key=${one.name}><button type="button" class="fit-stage" aria-pressed=${String(one === stage)} onClick=${() => setParams((before) => ({ ...before, stage: one.name }))}>
        <span>${one.name}</span><span class="ds-quiet number">${formatNumber(one.step)}${one.steps ? ` / ${formatNumber(one.steps)}` : ""}</span>
        <${Meter} value=${one.steps ? one.step / one.steps : 0} label=${`steps of ${one.name}`} /></button></li>`)}</ul>
      <${LossChart} curves=${[{ losses: stage.losses }]} log=${log} title=${stage.name} height=${290} n=${countValues(stage)} />
    </div>
  <//>`;
}

/** The newest stage that has something to draw. */
function pickStage(record) {
  const newest = record.stages.get(record.newest);
  if (newest?.losses.size) return newest;
  return [...record.stages.values()].filter(({ losses }) => losses.size).at(-1) ?? newest;
}

export const countValues = (stage) => [...(stage?.losses.values() ?? [])].reduce((sum, { steps }) => sum + steps.length, 0);

/** Losses of one or several runs over the steps: `curves` `[{losses, label?, dash?}]`; `n` changes when values came. */
export function LossChart({ curves, log, title, height, n }) {
  const { xs, lines } = useMemo(() => joinCurves(curves, log), [title, log, n, curves.length]);
  if (!lines.length) return html`<p class="note">There is nothing to draw of ${title} yet: it has no steps, or none was measured.</p>`;
  if (xs.length < 2) return html`<p class="note">Measured once so far, at step ${formatNumber(xs[0])}: ${lines.map(({ label, values }) => `${label} ${formatNumber(values[0])}`).join(", ")}.</p>`;
  return html`<${SeriesChart} lines=${lines} xs=${xs} title=${title} height=${height} xLabel="steps" log=${log} />`;
}

function joinCurves(curves, log) {
  const names = [...new Set(curves.flatMap(({ losses }) => [...losses.keys()]))].sort();
  const xs = [...new Set(curves.flatMap(({ losses }) => [...losses.values()].flatMap(({ steps }) => steps)))].sort((one, other) => one - other);
  const places = new Map(xs.map((step, place) => [step, place]));
  const lines = curves.flatMap(({ losses, label, dash }) => [...losses].map(([name, { steps, values }]) => ({
    values: spread(steps, values, places, xs.length, log), label: label ? `${name}, ${label}` : name, colour: classColour(names.indexOf(name)), dash, width: 1.6,
  })));
  return { xs, lines };
}

/** Values at their steps, with straight lines over the steps in between that other losses were measured at. */
function spread(steps, values, places, n, log) {
  const filled = Array(n).fill(null);
  let before = null;
  steps.forEach((step, index) => {
    const [at, value] = [places.get(step), log && values[index] <= 0 ? null : values[index]];
    if (before !== null && value !== null) for (let between = before.at + 1; between < at; between += 1) filled[between] = before.value + ((value - before.value) * (between - before.at)) / (at - before.at);
    filled[at] = value;
    before = value === null ? null : { at, value };
  });
  return filled;
}
