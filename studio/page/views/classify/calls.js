// The calls that judged the chosen series, as curl and as Python.

import { Copyable, html } from "../../ui.js";

const DIGITS = 6;

export function Calls({ card, row }) {
  const server = location.origin + location.pathname.replace(/\/$/, "");
  const series = JSON.stringify([row.series], (_, value) => (typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value));
  const offered = ["classify", "reconstruct"].filter((operation) => card.operations.includes(operation));
  return html`<${Copyable} title="The same call" code=${{ curl: writeCurl(server, card, series, offered), Python: writePython(server, card, series, offered) }} />`;
}

function writeCurl(server, { name }, series, offered) {
  return offered.map((operation) => {
    const more = { classify: `, "with": ["typicality"]`, reconstruct: `, "with": ["timepoint_error"]` }[operation];
    return `curl ${server}/${operation} -H 'content-type: application/json' \\\n  -d '{"model": "${name}"${more}, "series": ${series}}'`;
  }).join("\n\n");
}

function writePython(server, { name }, series, offered) {
  const missing = series.includes("null");
  const calls = {
    classify: `    answer = client.classify(series, model="${name}", typicality=True)\n    print(answer.labels, answer.probabilities, answer.typicality)`,
    reconstruct: `    answer = client.reconstruct(series, model="${name}", timepoint_error=True)\n    print(answer.anomaly_score, answer.is_anomaly, answer.timepoint_error)`,
  };
  return `import numpy as np
from seriesmith import Client

series = np.array(${missing ? series.replaceAll("null", "np.nan") : series})  # [n_cases, n_channels, n_timepoints]
with Client("${server}") as client:
${offered.map((operation) => calls[operation]).join("\n")}`;
}
