// Where a dataset came from: what it was made of, with which parameters, and what reading it said.

import { formatNumber, html, link, useAsync } from "../../ui.js";
import { get } from "../../api.js";
import { openDataset } from "./parts.js";
import { describeName, describeSource } from "./words.js";

const MADE = { augmented: "Augmented from", windows: "Cut from", generated: "Generated with", upload: "Read from" };

export function Lineage({ dataset }) {
  const { kind, source, notes, parents } = dataset;
  const above = useAsync((signal) => Promise.all(parents.map((id) => get(`datasets/${id}`, { signal }).catch(() => ({ id })))), [dataset.id]);
  const settings = Object.entries(flatten(source));
  const trial = source.generator && { generator: source.generator, ...Object.fromEntries(Object.entries(source.options ?? {}).map(([name, value]) => [`o.${name}`, Array.isArray(value) ? value.join(" ") : value])) };
  return html`<div class="stack">
    <div><h3>Made by</h3><p>${describeSource(dataset)}${trial && html`. <a href=${link("generate", trial)}>See what each parameter does</a>`}</p>
      ${parents.length > 0 && html`<p>${MADE[kind] ?? "From"} ${(above.value ?? []).map((one, index) => html`${index > 0 && ", "}<a href=${openDataset(one.id)}>${one.name ? describeName(one) : one.id}</a>${!one.name && " (deleted)"}`)}</p>`}
    </div>
    ${notes.length > 0 && html`<div><h3>What the reader said</h3><ul class="ds-plain">${notes.map((note) => html`<li>${note}</li>`)}</ul></div>`}
    ${settings.length > 0 && html`<div><h3>Parameters</h3><dl class="facts">${settings.map(([name, value]) => html`<dt>${name.replaceAll("_", " ")}</dt><dd>${value}</dd>`)}</dl></div>`}
  </div>`;
}

function flatten(source) {
  const flat = {};
  for (const [name, value] of Object.entries(source ?? {})) {
    if (value === null || value === "" || (Array.isArray(value) && !value.length)) continue;
    if (typeof value === "object" && !Array.isArray(value)) Object.assign(flat, flatten(value));
    else flat[name] = Array.isArray(value) ? value.join(", ") : typeof value === "number" ? formatNumber(value) : String(value);
  }
  return flat;
}
