// The same request as curl and as Python, ready to copy.

import { Copyable, html } from "../../ui.js";

export function Calls({ dataset, original, answer, keyed }) {
  const asked = readRequest(dataset, answer);
  if (!asked) return html`<p>How these series were made is not known here; make them again to see the call.</p>`;
  const server = location.origin + location.pathname.replace(/\/$/, "");
  return html`<div class="stack">
    <${Copyable} title="With the dataset that is kept here" code=${{ curl: writeCurl(server, original, dataset, asked, keyed), Python: writePython(server, original, dataset, asked, keyed) }} />
    <${Copyable} title="With arrays of your own" code=${writeOwn(server, asked, keyed)} />
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

function writeCurl(server, original, dataset, asked, keyed) {
  const key = keyed ? "-H \"authorization: Bearer $SERIESMITH_API_KEY\" " : "";
  const body = JSON.stringify({ ...asked, name: dataset.name }).replaceAll("'", "'\\''");
  return `curl ${key}${server}/datasets/${original.id}/augment \\
  -H 'content-type: application/json' \\
  -d '${body}'
# its answer names the new dataset; this one:
curl ${key}-o '${dataset.name}${original.suffix}' '${server}/datasets/${dataset.id}/file?suffix=${original.suffix}'`;
}

function writePython(server, original, dataset, asked, keyed) {
  const key = keyed ? '\n    headers={"authorization": f"Bearer {os.environ[\'SERIESMITH_API_KEY\']}"},' : "";
  return `${keyed ? "import os\n\n" : ""}import httpx

answer = httpx.post(
    "${server}/datasets/${original.id}/augment",
    json=${writeValue({ ...asked, name: dataset.name })},${key}
    timeout=600,
)
made = answer.raise_for_status().json()
made["dataset"]["id"], made["report"]`;
}

function writeOwn(server, asked, keyed) {
  const { model, per_class: perClass, ...rest } = asked;
  const fields = Object.entries({ model, ...rest }).map(([name, value]) => `, ${name}=${writeValue(value)}`).join("");
  return `${writeImports(keyed)}

# series: an array [n_cases, n_channels, n_timepoints]; labels: one for each case
with Client(${writeAddress(server, keyed)}) as client:
    answer = client.augment(series, labels${fields})
answer.series, answer.labels, answer.synthetic, answer.sample_weight`;
}

const writeImports = (keyed) => `${keyed ? "import os\n\n" : ""}from seriesmith import Client`;
const writeAddress = (server, keyed) => `"${server}"${keyed ? ', api_key=os.environ["SERIESMITH_API_KEY"]' : ""}`;

/** A value as Python writes it. */
function writeValue(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${writeValue(inner)}`).join(", ")}}`;
  return JSON.stringify(value);
}
