// The same request as curl and as Python, ready to copy.

import { Copyable, html } from "../../ui.js";

export function Calls({ dataset, original, answer }) {
  const asked = readRequest(dataset, answer);
  if (!asked) return html`<p>How these series were made is not known here; make them again to see the call.</p>`;
  const server = location.origin + location.pathname.replace(/\/$/, "");
  return html`<div class="stack">
    <${Copyable} title="With the dataset that is kept here" code=${{ curl: writeCurl(server, original, dataset, asked), Python: writePython(server, original, dataset, asked) }} />
    <${Copyable} title="With arrays of your own" code=${writeOwn(server, asked)} />
  </div>`;
}

/** The body that made a dataset, with the seed that was drawn; null where neither the answer nor the dataset tells. */
function readRequest(dataset, answer) {
  const source = dataset.source?.request ?? dataset.source ?? {};
  const model = source.model ?? answer?.model;
  if (!model) return null;
  const wanted = ["strategy", "per_class", "policy", "expansion", "lower", "upper", "non_negative", "monotone", "start_value", "end_value", "sum"];
  const given = Object.fromEntries(wanted.map((name) => [name, source[name]]).filter(([, value]) => value !== undefined && value !== null));
  return { model, ...given, seed: source.seed ?? answer?.seed };
}

function writeCurl(server, original, dataset, asked) {
  const body = JSON.stringify({ ...asked, name: dataset.name }).replaceAll("'", "'\\''");
  return `curl ${server}/datasets/${original.id}/augment \\
  -H 'content-type: application/json' \\
  -d '${body}'
# its answer names the new dataset; this one:
curl -o '${dataset.name}${original.suffix}' '${server}/datasets/${dataset.id}/file?suffix=${original.suffix}'`;
}

function writePython(server, original, dataset, asked) {
  const { model, ...rest } = asked;
  return `from seriesmith import Client

with Client("${server}") as client:
    made = client.datasets.augment(
        "${original.id}",
        model=${writeValue(model)},
${Object.entries(rest).map(([name, value]) => `        ${name}=${writeValue(value)},\n`).join("")}        name=${writeValue(dataset.name)},
    )`;
}

function writeOwn(server, asked) {
  const { model, per_class: perClass, ...rest } = asked;
  const fields = Object.entries({ model, ...rest }).map(([name, value]) => `, ${name}=${writeValue(value)}`).join("");
  return `from seriesmith import Client

# series: an array [n_cases, n_channels, n_timepoints]; labels: one for each case
with Client("${server}") as client:
    answer = client.augment(series, labels${fields})
answer.series, answer.labels, answer.synthetic, answer.sample_weight`;
}

/** A value as Python writes it. */
function writeValue(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${writeValue(inner)}`).join(", ")}}`;
  return JSON.stringify(value);
}
