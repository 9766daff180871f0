// Two fits side by side: options that differ, what was measured, and their losses in one chart.

import { Busy, Heading, Panel, Refusal, Select, Table, Toggle, formatDuration, html, link, setParams, useAsync } from "../../ui.js";
import { get } from "../../api.js";
import { writeValue } from "../generate/option.js";
import { LossChart, countValues } from "./losses.js";
import { useRecord } from "./record.js";
import { judge } from "../models/measures.js";
import { listMeasured, readMetrics } from "./result.js";
import { STATES, measureDuration } from "./words.js";

const SIDES = ["first", "second"];

export function Comparison({ ids, params }) {
  const found = useAsync((signal) => Promise.all(ids.slice(0, 2).map((id) => get(`fits/${id}`, { signal }))), [ids.join()]);
  const head = html`<p><a href=${link("fits")}>All fits</a></p><${Heading} title="Fits: two side by side" />`;
  if (!found.value) return html`${head}<${Refusal} error=${found.error} />${found.busy && html`<${Busy} what="Opening both" />`}`;
  if (found.value.length < 2) return html`${head}<${Refusal} error=${{ message: "Two fits are compared; choose two in the list of all fits." }} />`;
  return html`${head}<${Both} fits=${found.value} params=${params} />`;
}

function Both({ fits, params }) {
  const records = [useRecord(fits[0].id), useRecord(fits[1].id)];
  const now = fits.map((fit, side) => records[side].fit ?? fit);
  const names = now.map((fit, side) => (now[0].name === now[1].name ? `${fit.name}, ${fit.result?.version ? `version ${fit.result.version}` : SIDES[side]}` : fit.name));
  const measured = useAsync((signal) => Promise.all(now.map((fit) => (fit.result?.version ? readMetrics(fit.name, fit.result.version, signal).catch(() => null) : null))), [now.map((fit) => fit.result?.version).join()]);
  const stages = [...new Set(records.flatMap((record) => [...record.stages.values()].filter(({ losses }) => losses.size).map(({ name }) => name)))];
  const common = stages.filter((name) => records.every((record) => record.stages.get(name)?.losses.size));
  const stage = stages.includes(params.stage) ? params.stage : (common.at(-1) ?? stages.at(-1));
  const log = params.log === "1";
  const change = (changes) => setParams((before) => ({ ...before, ...changes }));
  const curves = records.map((record, side) => ({ losses: record.stages.get(stage)?.losses ?? new Map(), label: names[side], dash: side === 1 }));
  return html`<div class="stack">
    <${Panel} title="What differs"><${Table} caption="What differs" columns=${nameColumns(now, names)} rows=${listDifferences(now, measured.value ?? [])} rowKey=${({ what }) => what} /><//>
    <${Panel} title="Losses" actions=${html`<${Toggle} label="Logarithmic" value=${log} onChange=${(on) => change({ log: on ? 1 : "" })} />`}>
      ${stages.length ? html`<div class="stack"><${Select} label="Stage" value=${stage} options=${stages.map((name) => [name, common.includes(name) ? name : `${name} (of one alone)`])} onChange=${(name) => change({ stage: name })} />
        <${LossChart} curves=${curves} log=${log} title=${stage} height=${320} n=${records.map((record) => countValues(record.stages.get(stage))).join()} /></div>` : html`<p class="note">Neither has told of its losses.</p>`}
    <//>
  </div>`;
}

function nameColumns(fits, names) {
  const side = (index) => ({ key: `side${index}`, label: html`<a href=${link("fits", { fit: fits[index].id })}>${names[index]}</a>`, sortable: false });
  return [{ key: "what", label: "", sortable: false }, side(0), side(1)];
}

function listDifferences(fits, metrics) {
  const rows = [
    row("State", fits.map(({ state }) => STATES[state] ?? state)),
    row("Took", fits.map((fit) => formatDuration(measureDuration(fit)))),
    ...(fits[0].dataset === fits[1].dataset ? [] : [row("Dataset", fits.map(({ dataset }) => html`<a href=${link("datasets", { dataset })}>${dataset.slice(0, 8)}</a>`))]),
  ];
  const measured = metrics.map((one) => new Map(listMeasured(one).map(({ measure, value }) => [measure, value])));
  for (const measure of new Set(measured.flatMap((one) => [...one.keys()]))) {
    const values = fits.map((_, side) => measured[side]?.get(measure) ?? null);
    const better = judge(measure, ...values);
    rows.push(row(measure.label, values.map((value, side) => (value === null ? "–" : html`<span class=${better === (side ? 1 : -1) ? "ds-better" : ""}>${measure.format(value)}</span>`))));
  }
  const flags = [...new Set(fits.flatMap(({ options }) => Object.keys(options ?? {})))].sort();
  const texts = (flag) => fits.map(({ options }) => (flag in (options ?? {}) ? writeValue(options[flag]) : "by default"));
  const differing = flags.map((flag) => row(flag, texts(flag))).filter(({ side0, side1 }) => side0 !== side1);
  return [...rows, ...differing, ...(differing.length ? [] : [row("Options", ["the same", "the same"])])];
}

const row = (what, [side0, side1]) => ({ what, side0, side1 });
