// What each model is, how good it is, and which of its versions is served.

import { get } from "../api.js";
import { Busy, Empty, Heading, Panel, Refusal, html, link, useAsync } from "../ui.js";

export default function View() {
  const { value, error, busy } = useAsync((signal) => get("models", { signal }));
  return html`<${Heading} title="Models" lead="What each model learned from, and what was measured of it." />
    <${Refusal} error=${error} />
    ${busy && !value && html`<${Busy} what="Reading the models" />`}
    ${value?.models.map((card) => html`<${Panel} key=${card.name} title=${card.name}><a href=${link("explore", { model: card.name })}>Explore<//><//>`)}
    ${value && !value.models.length && html`<${Empty} title="No model is served yet" />`}`;
}
