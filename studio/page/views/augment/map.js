// The dataset in two dimensions: full marks are real series, hollow ones were made.

import { get } from "../../api.js";
import { classColour } from "../../chart.js";
import { Scatter } from "../../scatter.js";
import { Busy, Refusal, Select, html, useAsync, useMemo, useState } from "../../ui.js";
import { listClasses } from "./request.js";

export function ResultMap({ dataset }) {
  const [method, setMethod] = useState("pca");
  const [hovered, setHovered] = useState(null);
  const map = useAsync((signal) => get(`datasets/${dataset.id}/map?method=${method}`, { signal }), [dataset.id, method]);
  const places = useMemo(() => new Map(listClasses(dataset).map(({ label }, place) => [String(label), place])), [dataset]);
  const cloud = useMemo(() => map.value && { points: map.value.points, groups: map.value.points.map((_, at) => places.get(String(map.value.labels?.[at] ?? "")) ?? 0), hollow: map.value.synthetic }, [map.value, places]);
  const colours = listClasses(dataset).map((_, place) => classColour(place));
  return html`<div class="stack">
    <div class="aug-settings"><${Select} label="Laid out by" value=${method} onChange=${setMethod} options=${[["pca", "principal components"], ["tsne", "t-SNE, near neighbours together"]]} /></div>
    <${Refusal} error=${map.error} />
    ${!cloud && map.busy && html`<${Busy} what="Laying them out" />`}
    ${cloud && html`<${Scatter} label="Real and made series" ...${cloud} colours=${colours} onHover=${setHovered} height=${360} />
      <p class="note">Full marks are yours, hollow ones were made. Made series should lie among yours, and not upon them.${hovered === null ? "" : ` Here: case ${map.value.index[hovered]}, ${map.value.synthetic?.[hovered] ? "made" : "yours"}${map.value.labels ? `, class ${map.value.labels[hovered]}` : ""}.`}</p>`}
  </div>`;
}
