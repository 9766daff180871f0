// The dataset that is augmented, in a line and a bar for each class.

import { classColour } from "../../chart.js";
import { Panel, formatNumber, html, link } from "../../ui.js";
import { describeShape } from "./preview.js";

export function DatasetSummary({ dataset, actions }) {
  const most = Math.max(1, ...dataset.classes.map(({ count }) => count));
  return html`<${Panel} title=${`${dataset.name}, version ${dataset.version}`} actions=${actions}>
    <p>${describeShape(dataset.shape, dataset.classes)} <a href=${link("datasets", { id: dataset.id })}>See it in the catalogue</a></p>
    ${dataset.classes.length > 1 && html`<dl class="counts">${dataset.classes.map(({ label, count }, place) => html`<div key=${String(label)}><dt>${String(label)}</dt>
      <dd><span class="bar" style=${`width:${(100 * count) / most}%;background:${classColour(place)}`}></span><span>${formatNumber(count)}</span></dd></div>`)}</dl>`}
  <//>`;
}
