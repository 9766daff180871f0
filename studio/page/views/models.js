// What each model is, how good it is, which of its versions is served, and what was refused.

import { about, get, post } from "../api.js";
import { Busy, Button, Empty, Heading, Panel, Refusal, Table, html, setParams, toast, useAsync } from "../ui.js";
import { Card } from "./models/card.js";

export default function View({ params }) {
  const { value, error, busy, again } = useAsync((signal) => get("models", { signal }));
  const { value: possible } = useAsync(about);
  const manages = possible?.manages_models ?? false;
  const open = (name) => setParams({ model: params.model === name ? "" : name });
  return html`<${Heading} title="Models" lead="What each model has learned, what was measured of it, and which version answers." />
    <${Refusal} error=${error} />
    ${busy && !value && html`<${Busy} what="Reading the models" />`}
    ${value?.models.map((card) => html`<${Card} key=${card.name} card=${card} manages=${manages} changed=${again}
      open=${params.model === card.name} onOpen=${() => open(card.name)} compared=${params.model === card.name ? params.compare : ""} />`)}
    ${value && !value.models.length && html`<${Empty} title="No model is served yet">
      <p>Fit one under <a href="#/fits">Fits</a>, or put a bundle into the repository of models.</p><//>`}
    ${value && value.refused.length > 0 && html`<${Refused} refused=${value.refused} manages=${manages} changed=${again} />`}`;
}

const isRetired = ({ reason }) => reason.startsWith("it was retired");

function Refused({ refused, manages, changed }) {
  const call = async ({ name, version }, path, done) => {
    try {
      await post(path);
      toast(`${name} ${version} ${done}.`);
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
    changed();
  };
  const offer = (row) => (isRetired(row)
    ? html`<${Button} onClick=${() => call(row, `studio/models/${row.name}/${row.version}/restore`, "may be served again")} label=${`Restore version ${row.version} of ${row.name}`}>Restore<//>`
    : html`<${Button} onClick=${() => call(row, `v2/repository/models/${row.name}/load`, "is loaded")} label=${`Load ${row.name}`}>Load<//>`);
  const columns = [
    { key: "name", label: "Model" },
    { key: "version", label: "Version", align: "right" },
    { key: "reason", label: "Why", render: ({ reason }) => html`<span class="sentence">${reason}</span>` },
    ...(manages ? [{ key: "offer", label: html`<span class="hidden">Change</span>`, sortable: false, align: "right", render: offer }] : []),
  ];
  return html`<${Panel} title="Not served">
    <p class="note">A bundle that is not what was published, or does not answer as it did when it was fitted, is never served.</p>
    <${Table} caption="Models that are not served" columns=${columns} rows=${refused} rowKey=${({ name, version }) => `${name}/${version}`} /><//>`;
}
