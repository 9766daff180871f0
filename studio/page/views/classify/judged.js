// What was said of all series: a summary, a table to sort, and the series that is chosen.

import { save } from "../../api.js";
import { Spark, classColour } from "../../chart.js";
import { Busy, Button, Panel, Refusal, Table, formatNumber, formatShare, html, setParams, useAsync, useMemo, useState } from "../../ui.js";
import { judgeSeries } from "./asking.js";
import { Calls } from "./calls.js";
import { One } from "./one.js";

export function Judged({ card, brought, params }) {
  const [done, setDone] = useState(0);
  const { value, error, busy } = useAsync((signal) => judgeSeries(card, brought, setDone, signal), [card.name, card.version, brought]);
  const sort = readSort(params, value?.rows);
  const sorted = useMemo(() => (value ? sortFor(value.rows, sort) : []), [value, sort.key, sort.descending]);
  if (!value) {
    return html`<${Panel} label="Judgement">${error ? html`<${Refusal} error=${error} />` : html`<${Busy} what=${`Judging ${brought.series.length} series${done ? `, ${done} done` : ""}`} />`}<//>`;
  }
  const chosen = value.rows[Number(params.row)] && params.row !== undefined ? value.rows[Number(params.row)] : sorted[0];
  const pick = (row) => setParams((before) => ({ ...before, row: row.index }));
  const order = ({ key, descending }) => setParams((before) => ({ ...before, sort: `${descending ? "-" : ""}${key}` }));
  return html`
    <${Refusal} error=${error} />
    <div class=${`judged ${busy ? "stale" : ""}`}>
      <${Panel} title="All series" actions=${html`<${Button} kind="quiet" onClick=${() => save(writeCsv(value), `${brought.name}-judged.csv`, "text/csv")}>Download as CSV<//>`}>
        <${Summary} rows=${value.rows} notes=${[...brought.notes, ...value.notes]} />
        <${Table} caption="All series, to sort and choose from" columns=${listColumns(value)} rows=${value.rows} sort=${sort} onSort=${order} onPick=${pick} selected=${(row) => row === chosen} rowKey=${({ index }) => index} limit=${100} />
      <//>
      <div class="chosen"><${Panel} title=${`Series ${chosen.index + 1}`}><${One} card=${card} row=${chosen} classes=${value.classes} /><//></div>
    </div>
    <${Panel} label="The same call"><${Calls} card=${card} row=${chosen} /><//>`;
}

/** Sorted by what is odd first, unless the URL says otherwise. */
function readSort({ sort }, rows) {
  if (sort) return { key: sort.replace(/^-/, ""), descending: sort.startsWith("-") };
  return rows?.some(({ score }) => score !== null) ? { key: "score", descending: true } : { key: "index", descending: false };
}

function sortFor(rows, { key, descending }) {
  const least = (value) => (value === null ? -Infinity : value);
  return [...rows].sort((one, other) => (descending ? 1 : -1) * (least(other[key]) > least(one[key]) ? 1 : least(other[key]) < least(one[key]) ? -1 : 0));
}

function Summary({ rows, notes }) {
  const odd = rows.filter(({ anomalous }) => anomalous).length;
  const scored = rows.some(({ score }) => score !== null);
  const labelled = rows.filter(({ given, label }) => given !== null && label !== null);
  const right = labelled.filter(({ given, label }) => String(given) === String(label)).length;
  return html`<dl class="summary">
      <div><dt>series</dt><dd class="figure">${rows.length}</dd></div>
      ${labelled.length > 0 && html`<div><dt>labelled as given</dt><dd class="figure">${formatShare(right / labelled.length)}</dd></div>`}
      ${scored && html`<div><dt>anomalous</dt><dd class="figure">${odd}</dd></div>`}
    </dl>${notes.map((note) => html`<p class="note">${note}</p>`)}`;
}

function listColumns({ rows, classes }) {
  const has = (key) => rows.some((row) => row[key] !== null);
  const dot = (label) => html`<span class="swatch" style=${`background:${classColour(classes.indexOf(label))}`}></span>`;
  return [
    { key: "index", label: "#", align: "right", render: ({ index }) => index + 1 },
    { key: "series", label: "Series", sortable: false, render: ({ series, label }) => html`<${Spark} series=${series} colour=${label === null ? "var(--accent)" : classColour(classes.indexOf(label))} />` },
    has("given") && { key: "given", label: "Given", render: ({ given }) => (given === null ? "–" : String(given)) },
    has("label") && { key: "label", label: "Label", render: ({ label, given }) => html`<span class=${`verdict ${given !== null && String(given) !== String(label) ? "other" : ""}`}>${dot(label)}${String(label)}</span>` },
    has("sureness") && { key: "sureness", label: "Sure", align: "right", hint: "The probability of the label", render: ({ sureness }) => formatShare(sureness) },
    has("typicality") && { key: "typicality", label: "Typical", align: "right", hint: "The share of held-out training cases that are less usual; near 0 is unlike anything known", render: ({ typicality }) => formatShare(typicality) },
    has("score") && { key: "score", label: "Anomaly", align: "right", hint: "Above 1: odder than 99 % of cases that the model was not trained on", render: ({ score, anomalous }) => html`<span class=${anomalous ? "odd" : ""}>${formatNumber(score, 2)}</span>` },
    !has("score") && has("error") && { key: "error", label: "Error", align: "right", hint: "Mean squared difference of series and reconstruction" },
  ].filter(Boolean);
}

function writeCsv({ rows, classes }) {
  const quote = (value) => (value === null || value === undefined ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const probabilities = rows.some((row) => row.probabilities) ? classes : [];
  const head = ["series", "given", "label", "typicality", "anomaly_score", "is_anomaly", "error", ...probabilities.map((label) => `probability_${label}`)];
  const lines = rows.map((row) => [row.index + 1, row.given, row.label, row.typicality, row.score, row.anomalous, row.error, ...probabilities.map((_, at) => row.probabilities[at])]);
  return [head, ...lines].map((line) => line.map(quote).join(",")).join("\n") + "\n";
}
