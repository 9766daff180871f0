// What a generator makes of its parameters: asked anew whenever they rest for a moment, and the newest answer is shown.

import { Busy, Panel, Refusal, html, useAsync, useMemo, useSettled } from "../../ui.js";
import { SeriesChart, SeriesGrid, classColour } from "../../chart.js";
import { post } from "../../api.js";

const SHOWN = 15;
const OVERLAID = 3;

export function Preview({ generator, options }) {
  const settled = useSettled(JSON.stringify(options), 90);
  const found = useAsync((signal) => post(`generators/${generator}/preview`, { options: JSON.parse(settled), n_cases: SHOWN }, { signal }), [generator, settled]);
  const { series, labels } = found.value ?? { series: [] };
  const classes = useMemo(() => [...new Set((labels ?? []).map(String))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })), [labels]);
  const groups = useMemo(() => series.map((_, index) => (labels ? classes.indexOf(String(labels[index])) : 0)), [series, classes]);
  const lines = useMemo(() => overlay(series, groups, classes), [series, groups]);
  return html`<${Panel} title="Preview">
    <div aria-busy=${String(found.busy)} style=${`min-height:420px;transition:opacity .15s;opacity:${found.error ? 0.45 : 1}`}>
      <${Refusal} error=${found.error} />
      ${found.busy && !series.length && html`<${Busy} what="Drawing the first series" />`}
      ${series.length > 0 && html`<div class="stack"><${SeriesChart} lines=${lines} height=${240} title="A few of each class" />
        <${SeriesGrid} series=${series} labels=${groups.map((group) => (classes[group] === undefined ? "" : `class ${classes[group]}`))} colours=${groups.map(classColour)} /></div>`}
    </div>
  <//>`;
}

/** The first channel of the first series of each class. */
function overlay(series, groups, classes) {
  const drawn = new Map();
  return series.flatMap((one, index) => {
    const group = groups[index];
    const before = drawn.get(group) ?? 0;
    if (before >= (classes.length > 4 ? 1 : OVERLAID)) return [];
    drawn.set(group, before + 1);
    return [{ values: one[0], colour: classColour(group), label: before === 0 && classes.length ? `class ${classes[group]}` : undefined, opacity: before === 0 ? 1 : 0.45, width: before === 0 ? 2 : 1.2 }];
  });
}
