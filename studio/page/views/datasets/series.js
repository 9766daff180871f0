// Pages through a dataset's series, class by class; one that is picked is drawn large, a line for each channel.

import { Busy, Button, Refusal, Select, formatNumber, html, setParams, useAsync, useState, useEffect } from "../../ui.js";
import { SeriesChart, SeriesGrid, classColour } from "../../chart.js";
import { get } from "../../api.js";

const PAGE = 24;
const MOST_POINTS = 1200; // of a series; longer ones are thinned for drawing

export function SeriesPages({ dataset, params }) {
  const { label = "", part = "", offset = "0" } = params;
  const [picked, setPicked] = useState(0);
  const query = new URLSearchParams({ offset, limit: PAGE, timepoints: MOST_POINTS, ...(label && { label }), ...(part && { part }) });
  const found = useAsync((signal) => get(`datasets/${dataset.id}/series?${query}`, { signal }), [dataset.id, String(query)]);
  useEffect(() => setPicked(0), [String(query)]);
  const change = (changes) => setParams((before) => ({ ...before, offset: "", ...changes }));
  const order = dataset.classes.map((one) => String(one.label));
  return html`<div class="stack">
    <div class="row">
      ${order.length > 0 && html`<${Select} label="Class" value=${label} options=${[["", "all classes"], ...order.map((one) => [one, one])]} onChange=${(value) => change({ label: value })} />`}
      ${dataset.shape.n_test > 0 && html`<${Select} label="Part" value=${part} options=${[["", "train and test"], ["train", "train"], ["test", "test"]]} onChange=${(value) => change({ part: value })} />`}
    </div>
    <${Refusal} error=${found.error} />
    ${found.value ? html`<${Page} page=${found.value} order=${order} names=${dataset.shape.channel_names} picked=${picked} onPick=${setPicked} offset=${Number(offset)} onPage=${(next) => setParams((before) => ({ ...before, offset: next || "" }))} />` : found.busy && html`<${Busy} what="Reading series" />`}
  </div>`;
}

function Page({ page, order, names, picked, onPick, offset, onPage }) {
  const { series, total, labels, index, synthetic, groups, step = 1 } = page;
  if (!series.length) return html`<p class="note">There are none here.</p>`;
  const at = Math.min(picked, series.length - 1);
  const classOf = (place) => (labels?.[place] == null ? 0 : Math.max(0, order.indexOf(String(labels[place]))));
  const said = [`series ${formatNumber(index[at])}`, labels?.[at] != null && `class ${labels[at]}`, groups?.[at] != null && `group ${groups[at]}`, synthetic?.[at] && "synthetic"];
  const channels = series[at];
  const lines = channels.slice(0, 12).map((values, channel) => ({ values, label: channels.length > 1 ? (names?.[channel] ?? `channel ${channel}`) : undefined, colour: classColour(channels.length > 1 ? channel : classOf(at)) }));
  return html`<div class="stack">
    <${SeriesChart} lines=${lines} xs=${step > 1 ? Array.from(channels[0], (_, place) => place * step) : undefined} title=${said.filter(Boolean).join(", ")} height=${230} />
    <${SeriesGrid} series=${series} labels=${(labels ?? []).map((label) => String(label ?? ""))} colours=${series.map((_, place) => classColour(classOf(place)))}
      marks=${(synthetic ?? []).map((made) => (made ? "synthetic" : ""))} selected=${at} onPick=${onPick} limit=${PAGE} />
    <div class="row"><span class="ds-quiet ds-small" role="status" style="flex:1">${formatNumber(offset + 1)} to ${formatNumber(offset + series.length)} of ${formatNumber(total)}</span>
      <${Button} disabled=${offset === 0} onClick=${() => onPage(Math.max(0, offset - PAGE))}>Before<//>
      <${Button} disabled=${offset + PAGE >= total} onClick=${() => onPage(offset + PAGE)}>Next<//></div>
  </div>`;
}
