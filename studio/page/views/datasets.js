// The catalogue of datasets: a list to search, an upload, and a page for each dataset.

import { html } from "../ui.js";
import { Catalogue } from "./datasets/catalogue.js";
import { Detail } from "./datasets/detail.js";
import "./datasets/style.js";

export default function Datasets({ params }) {
  return params.dataset
    ? html`<${Detail} key=${params.dataset} id=${params.dataset} params=${params} />`
    : html`<${Catalogue} params=${params} />`;
}
