// A dataset's series as points in two dimensions: classes by colour, made series and another dataset beside real ones.

import { Busy, Refusal, Select, formatNumber, html, setParams, useAsync, useMemo, useState } from "../../ui.js";
import { SeriesChart, classColour } from "../../chart.js";
import { Scatter } from "../../scatter.js";
import { get } from "../../api.js";
import { describeName } from "./words.js";

const METHODS = [["pca", "PCA"], ["tsne", "t-SNE"]];

export function DatasetMap({ dataset, params }) {
  const { method = "pca", beside = "" } = params;
  const others = useAsync((signal) => get("datasets?limit=200", { signal }), []);
  const query = new URLSearchParams({ method, ...(beside && { beside }) });
  const found = useAsync((signal) => get(`datasets/${dataset.id}/map?${query}`, { signal }), [dataset.id, String(query)]);
  const change = (changes) => setParams((before) => ({ ...before, ...changes }));
  const fitting = (others.value?.datasets ?? []).filter((one) => one.id !== dataset.id && one.shape.n_channels === dataset.shape.n_channels);
  return html`<div class="stack">
    <div class="row">
      <${Select} label="Method" value=${method} options=${METHODS} onChange=${(value) => change({ method: value === "pca" ? "" : value })} />
      <${Select} label="Beside" value=${beside} options=${[["", "nothing else"], ...fitting.map((one) => [one.id, describeName(one)])]} onChange=${(value) => change({ beside: value })} />
    </div>
    <${Refusal} error=${found.error} />
    ${found.busy && html`<${Busy} what=${method === "tsne" ? "Laying out; t-SNE takes a while" : "Laying out"} />`}
    ${found.value && html`<${Plane} map=${found.value} dataset=${dataset} beside=${beside} />`}
  </div>`;
}

function Plane({ map, dataset, beside }) {
  const [at, setAt] = useState(null);
  const order = dataset.classes.map((one) => String(one.label));
  const groups = useMemo(() => map.points.map((_, place) => (map.labels?.[place] == null ? 0 : order.indexOf(String(map.labels[place])))), [map]);
  const hollow = useMemo(() => map.points.map((_, place) => Boolean(map.beside?.[place] || map.synthetic?.[place])), [map]);
  const made = hollow.filter(Boolean).length;
  return html`<div>
    <${Scatter} points=${map.points} groups=${groups} hollow=${hollow} selected=${at} onHover=${(place) => place !== null && setAt(place)} onPick=${setAt} label="Map of the series" height=${400} />
    <ul class="ds-classes">
      ${order.slice(0, 12).map((label, index) => html`<li><i class="swatch" style=${`background:${classColour(index)}`}></i>${label}</li>`)}
      ${made > 0 && html`<li class="ds-quiet">filled: ${beside ? "this dataset" : "real"}, ${formatNumber(map.points.length - made)}; outlines: ${beside ? "the other one or synthetic" : "synthetic"}, ${formatNumber(made)}</li>`}
    </ul>
    ${at === null ? html`<p class="note">Hover over a point to see its series. ${formatNumber(map.points.length)} series are shown.</p>` : html`<${Pointed} id=${map.beside?.[at] ? beside : dataset.id} index=${map.index[at]} label=${map.labels?.[at]} synthetic=${map.synthetic?.[at]} group=${Math.max(0, groups[at])} />`}
  </div>`;
}

function Pointed({ id, index, label, synthetic, group }) {
  const found = useAsync((signal) => get(`datasets/${id}/series?offset=${index}&limit=1`, { signal }), [id, index]);
  const one = found.value?.series[0];
  if (!one) return html`<div style="height:190px"><${Refusal} error=${found.error} /></div>`;
  const title = [`series ${formatNumber(index)}`, label != null && `class ${label}`, synthetic && "synthetic"].filter(Boolean).join(", ");
  return html`<${SeriesChart} height=${160} title=${title} lines=${one.slice(0, 8).map((values, channel) => ({ values, colour: classColour(one.length > 1 ? channel : group) }))} />`;
}
