// The dataset that is augmented, in a line and a bar for each class.

import { classColour } from "../../chart.js";
import { Panel, html, link } from "../../ui.js";
import { CountBar } from "./how.js";
import { describeShape } from "./preview.js";

export function DatasetSummary({ dataset, actions }) {
  const most = Math.max(1, ...dataset.classes.map(({ count }) => count));
  return html`<${Panel} title=${`${dataset.name}, version ${dataset.version}`} actions=${actions}>
    <p>${describeShape(dataset.shape, dataset.classes)} <a href=${link("datasets", { dataset: dataset.id })}>See it in the catalogue</a></p>
    ${dataset.shape.n_synthetic > 0 && html`<p class="note">${dataset.shape.n_synthetic} of them were made by a model; augmenting starts from the others, and leaves them out.</p>`}
    ${dataset.shape.n_test > 0 && html`<p class="note">What is there to test with is kept as it is: nothing is made of it.</p>`}
    ${dataset.classes.length > 1 && html`<dl class="aug-counts">${dataset.classes.map(({ label, count }, place) => html`<${CountBar} key=${String(label)} name=${String(label)} real=${count} made=${0} most=${most} colour=${classColour(place)} />`)}</dl>`}
  <//>`;
}
