// Labels, probabilities and oddities of series that a person brings.

import { Heading, html } from "../ui.js";

export default function View() {
  return html`<${Heading} title="Classify" lead="Bring series; see what the model makes of each." />`;
}
