// All fits, newest first, and how far each is; two can be chosen to be compared.

import { Busy, Empty, Heading, Meter, Refusal, Select, Table, formatDuration, formatTime, html, link, setParams, useAsync, useEffect, useState } from "../../ui.js";
import { get } from "../../api.js";
import { STATES, StateTag, describeOptions, describeProgress, isOpen, measureDuration } from "./words.js";

const PAUSE = 2000;
const MOST = 200;

export function FitList({ params, why }) {
  const { state = "" } = params;
  const [chosen, setChosen] = useState([]);
  const found = useAsync((signal) => get(`fits?limit=${MOST}&state=${state}`, { signal }), [state]);
  const datasets = useAsync((signal) => get(`datasets?limit=${MOST}`, { signal }), []);
  const fits = found.value?.fits;
  const moving = fits?.some(isOpen);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => document.hidden || found.again(), PAUSE);
    return () => clearInterval(timer);
  }, [moving]);
  const names = Object.fromEntries((datasets.value?.datasets ?? []).map((one) => [one.id, one]));
  const toggle = (id) => setChosen((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before.slice(-1), id]));
  return html`<${Heading} title="Fits" lead="A fit learns a dataset in a process of its own and publishes a model, which is served at once.">
      ${chosen.length === 2 && html`<a class="button" href=${link("fits", { compare: chosen.join(",") })}>Compare the two</a>`}
      ${!why && html`<a class="button main" href=${link("fits", { new: 1 })}>New fit</a>`}
    <//>
    ${why && html`<${Empty} title="Nothing is fitted here"><p>${why}</p><//>`}
    <div class="ds-filter"><${Select} label="State" value=${state} options=${[["", "all states"], ...Object.entries(STATES)]} onChange=${(value) => setParams({ state: value })} /></div>
    <${Refusal} error=${found.error} />
    ${!fits && found.busy && html`<${Busy} what="Reading the fits" />`}
    ${fits && !fits.length && !why && html`<${Empty} title=${state ? `No fit is ${STATES[state] ?? state}` : "No fits yet"}><p>Choose a dataset, and a model is fitted to it: <a href=${link("fits", { new: 1 })}>start the first</a>.</p><//>`}
    ${fits?.length > 0 && html`<${Table} caption="Fits" rows=${fits} columns=${listColumns(names, chosen, toggle)} /><p class="note" style="margin-top:8px">Choose two to compare them.</p>`}`;
}

function listColumns(names, chosen, toggle) {
  return [
    { key: "chosen", label: html`<span class="hidden">Compare</span>`, sortable: false, render: ({ id, name }) => html`<input type="checkbox" aria-label=${`compare the fit of ${name}`} checked=${chosen.includes(id)} onChange=${() => toggle(id)} />` },
    { key: "name", label: "Model", render: ({ id, name, result }) => html`<a href=${link("fits", { fit: id })}>${name}</a>${result?.version ? ` version ${result.version}` : ""}` },
    { key: "dataset", label: "Dataset", value: ({ dataset }) => names[dataset]?.name ?? "", render: ({ dataset }) => (names[dataset] ? html`<a href=${link("datasets", { dataset })}>${names[dataset].name}</a> version ${names[dataset].version}` : html`<span class="ds-quiet">deleted</span>`) },
    { key: "state", label: "State", render: (fit) => html`<${StateTag} state=${fit.state} />` },
    { key: "progress", label: "Progress", value: ({ progress }) => progress?.share ?? null, render: (fit) => html`<${Progress} fit=${fit} />` },
    { key: "options", label: "Options", sortable: false, render: ({ options }) => html`<span class="ds-quiet ds-small fit-options">${shorten(describeOptions(options))}</span>` },
    { key: "created", label: "Asked for", value: ({ created }) => new Date(created).getTime(), render: ({ created }) => formatTime(created) },
    { key: "took", label: "Took", align: "right", value: measureDuration, render: (fit) => formatDuration(measureDuration(fit)) },
  ];
}

const shorten = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function Progress({ fit }) {
  if (fit.state === "running") return html`<div style="min-width:150px"><${Meter} value=${fit.progress?.share ?? 0} label=${`progress of ${fit.name}`} /><span class="ds-quiet ds-small">${fit.progress?.seconds_left != null ? `${formatDuration(fit.progress.seconds_left)} left` : describeProgress(fit) || "starting"}</span></div>`;
  return html`<span class="ds-quiet ds-small">${fit.state === "queued" ? "waits for its turn" : shorten(fit.reason ?? "")}</span>`;
}
