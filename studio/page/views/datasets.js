// The catalogue of datasets: a list to search, an upload, and a page for each dataset.

import { html } from "../ui.js";
import { Catalogue } from "./datasets/catalogue.js";
import { Detail } from "./datasets/detail.js";

export default function Datasets({ params }) {
  const id = params.dataset ?? params.id;
  return html`<link rel="stylesheet" href="studio/views/datasets/style.css" />
    ${id ? html`<${Detail} key=${id} id=${id} params=${params} />` : html`<${Catalogue} params=${params} />`}`;
}
