// A model's versions: when they were fitted, what they weigh, which are served; two side by side; rolling back.

import { get, post } from "../../api.js";
import { SeriesChart } from "../../chart.js";
import { Busy, Button, Refusal, Select, Table, formatBytes, formatNumber, formatShare, formatTime, html, setParams, toast, useAsync, useMemo, useState } from "../../ui.js";
import { MEASURES, judge } from "./measures.js";
import { buildLines } from "./samples.js";

const SAMPLES = 5; // of each class

export function Versions({ card, manages, changed, compared }) {
  const { name } = card;
  const { value, error, again } = useAsync((signal) => get(`studio/models/${name}`, { signal }), [name, card.version]);
  const [working, setWorking] = useState(0);
  if (!value) return error ? html`<${Refusal} error=${error} />` : html`<${Busy} what="Reading its versions" />`;

  const change = async (version, what) => {
    setWorking(version);
    try {
      await post(`studio/models/${name}/${version}/${what}`);
      const undo = () => change(version, what === "retire" ? "restore" : "retire");
      toast(what === "retire" ? `Version ${version} of ${name} is retired; nothing of it is lost.` : `Version ${version} of ${name} may be served again.`, { undo });
    } catch (refusal) {
      toast(refusal.message, { kind: "bad" });
    }
    setWorking(0);
    again();
    changed();
  };

  const versions = [...value.versions].sort((one, other) => other.version - one.version);
  const retired = (value.retired ?? []).map((one) => (typeof one === "object" ? one : { version: one }));
  const latest = Math.max(...card.versions);
  const columns = [
    { key: "version", label: "Version", render: ({ version }) => html`<b>${version}</b>` },
    { key: "state", label: "State", value: ({ gone, in_service: serves }) => (gone ? "retired" : serves ? "served" : "refused"),
      render: ({ version, gone, reason, in_service: serves }) => html`<span class=${`tag ${version === latest && !gone ? "good" : ""}`}>${gone ? "retired" : version === latest ? "answers by default" : serves ? "served" : "not served"}</span>${!gone && reason && html` <span class="note sentence">${reason}</span>`}` },
    { key: "created", label: "Fitted", render: ({ created }) => formatTime(created) },
    { key: "accuracy", label: "Accuracy", align: "right", value: ({ metrics }) => metrics?.accuracy ?? null, render: ({ metrics }) => formatShare(metrics?.accuracy, 1) },
    { key: "n_bytes", label: "Size", align: "right", render: ({ n_bytes: size }) => formatBytes(size) },
    { key: "change", label: html`<span class="hidden">Change</span>`, sortable: false, align: "right", render: ({ version, gone }) => manages && (gone
      ? html`<${Button} onClick=${() => change(version, "restore")} disabled=${working === version} label=${`Restore version ${version} of ${name}`}>Restore<//>`
      : card.versions.length > 1 && html`<${Button} onClick=${() => change(version, "retire")} disabled=${working === version} label=${`Retire version ${version} of ${name}`}>Retire<//>`) },
  ];
  return html`<div class="versions stack">
    <h3>Versions</h3>
    <p class="note">The newest version answers where a call names none. Retire it, and the one before answers again: that is rolling back.</p>
    <${Refusal} error=${error} />
    <${Table} caption=${`Versions of ${name}`} columns=${columns} rows=${[...versions, ...retired.map((one) => ({ ...one, gone: true }))]} rowKey=${({ version }) => version} />
    <${Compare} card=${card} versions=${[...versions, ...retired.filter((one) => one.metrics)]} compared=${compared} />
  </div>`;
}

function Compare({ card, versions, compared }) {
  const { name, versions: served } = card;
  const numbers = versions.map(({ version }) => version);
  const asked = (compared ?? "").split(",").map(Number).filter((version) => numbers.includes(version));
  const [left, right] = [asked[0] ?? numbers[1] ?? numbers[0], asked[1] ?? numbers[0]];
  const [one, other] = [left, right].map((version) => versions.find((known) => known.version === version));
  const choose = (first, second) => setParams({ model: name, compare: `${first},${second}` });
  const options = numbers.map((version) => [version, `version ${version}`]);
  const two = numbers.length > 1;
  return html`<div class="compare">
    <h3>${two ? "Side by side" : "All that was measured"}</h3>
    ${two && html`<div class="row compare-row">
      <${Select} label="This version" options=${options} value=${left} onChange=${(version) => choose(version, right)} />
      <${Select} label="against this" options=${options} value=${right} onChange=${(version) => choose(left, version)} /></div>`}
    ${two && html`<div class="columns">${[one, other].map(({ version }) => html`<${Made} key=${version} name=${name} version=${version} served=${served.includes(version)} classes=${card.classes} />`)}</div>`}
    <${Measures} one=${one} other=${two ? other : null} />
    <${Settings} one=${one} other=${two ? other : null} />
  </div>`;
}

/** Series that a version makes; equal seeds, so that what differs is the version. */
function Made({ name, version, served, classes }) {
  const { value, error } = useAsync((signal) => (served ? post("sample", { model: `${name}/${version}`, n_per_class: SAMPLES, seed: 0 }, { signal }) : null), [name, version, served]);
  const lines = useMemo(() => (value ? buildLines(value, classes, 0) : []), [value]);
  if (!served) return html`<p class="note">Version ${version} is not served, and makes no series now.</p>`;
  return html`<div><${Refusal} error=${error} />${lines.length > 0 && html`<${SeriesChart} lines=${lines} height=${180} legend=${false} title=${`Series that version ${version} makes`} />`}</div>`;
}

function Measures({ one, other }) {
  const rows = MEASURES.map((measure) => ({ measure, values: [one, other].map((version) => (version ? (measure.read(version.metrics) ?? null) : null)) }));
  const shown = rows.filter(({ values }) => values.some((value) => value !== null));
  return html`<div class="table" tabindex="0" role="region" aria-label="Measures"><table>
    <thead><tr><th scope="col">Measure</th><th scope="col" class="right">Version ${one.version}</th>
      ${other && html`<th scope="col" class="right">Version ${other.version}</th><th scope="col">Better</th>`}<th scope="col">What it says</th></tr></thead>
    <tbody>${shown.map(({ measure, values }) => {
      const better = other ? judge(measure, ...values) : 0;
      const cell = (value, wins) => html`<td class=${`right ${wins ? "wins" : ""}`}>${value === null ? "–" : measure.format(value)}</td>`;
      return html`<tr><th scope="row">${measure.label}</th>${cell(values[0], better < 0)}
        ${other && html`${cell(values[1], better > 0)}<td>${better === 0 ? "alike" : `version ${(better < 0 ? one : other).version}`}</td>`}
        <td class="note means">${measure.means}</td></tr>`;
    })}</tbody></table></div>`;
}

/** What the two were fitted with, where it differs; of one alone, what it came from. */
function Settings({ one, other }) {
  const differences = useMemo(() => (other ? findDifferences(one.provenance?.configuration, other.provenance?.configuration) : []), [one, other]);
  const { dataset, seed, fit_seconds: seconds, git_commit: commit } = one.provenance ?? {};
  if (!other) {
    return html`<dl class="facts"><dt>Dataset</dt><dd>${dataset ?? "–"}</dd><dt>Seed</dt><dd>${seed ?? "–"}</dd>
      <dt>Fitted in</dt><dd>${seconds ? `${formatNumber(Math.round(seconds))} s` : "–"}</dd><dt>Commit</dt><dd>${commit?.slice(0, 12) ?? "–"}</dd></dl>`;
  }
  if (!differences.length) return html`<p class="note">Both were fitted with the same settings.</p>`;
  return html`<div class="table" tabindex="0" role="region" aria-label="Settings that differ"><table>
    <thead><tr><th scope="col">Setting that differs</th><th scope="col">Version ${one.version}</th><th scope="col">Version ${other.version}</th></tr></thead>
    <tbody>${differences.map(([key, first, second]) => html`<tr><th scope="row">${key}</th><td>${first}</td><td>${second}</td></tr>`)}</tbody></table></div>`;
}

function findDifferences(first, second) {
  const [one, other] = [flatten(first ?? {}), flatten(second ?? {})];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => one[key] !== other[key]).map((key) => [key, one[key] ?? "–", other[key] ?? "–"]);
}

function flatten(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { [path]: JSON.stringify(value) };
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key)));
}
