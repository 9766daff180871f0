// Fits: what runs and ran, a form to start one, one that is followed live, and two side by side.

import { Empty, Heading, html, useAsync } from "../ui.js";
import { about } from "../api.js";
import { Comparison } from "./fits/comparison.js";
import { FitList } from "./fits/list.js";
import { Live } from "./fits/live.js";
import { Start } from "./fits/start.js";

export default function Fits({ params }) {
  const possible = useAsync(about, []);
  return html`<link rel="stylesheet" href="studio/views/datasets/style.css" />${choose(params, possible.value)}`;
}

function choose(params, possible) {
  if (possible?.why_no_catalogue) return html`<${Without} why=${possible.why_no_fits} />`;
  const why = possible?.why_no_fits ?? "";
  if (params.fit) return html`<${Live} key=${params.fit} id=${params.fit} params=${params} />`;
  if (params.compare) return html`<${Comparison} key=${params.compare} ids=${params.compare.split(",")} params=${params} />`;
  if (params.dataset || params.new) return why ? html`<${Without} why=${why} />` : html`<${Start} params=${params} />`;
  return html`<${FitList} params=${params} why=${why} />`;
}

function Without({ why }) {
  return html`<${Heading} title="Fits" /><${Empty} title="Nothing is fitted here"><p>${why}</p><p>Models that were fitted elsewhere are served as soon as they lie in the folder of models.</p><//>`;
}
