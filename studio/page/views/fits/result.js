// What came of a fit: the model and what was measured of it, what the gate objects to, or why it ended early.

import { Button, Panel, Refusal, formatInterval, html, link, useAsync, useEffect } from "../../ui.js";
import { get } from "../../api.js";
import { MEASURES } from "../models/measures.js";

export function Result({ fit, act }) {
  const { state, name, result, reason } = fit;
  if (state === "failed") return html`<${Panel} title="It failed"><${Refusal} error=${{ message: reason ?? "It ended without a word; the log may say why." }} /><p class="note">Resume goes on where it was stopped, if what was wrong has changed.</p><//>`;
  if (state === "cancelled") return html`<${Panel} title="It was cancelled"><p>${reason ?? "Nothing was published."} Resume goes on where it was stopped.</p><//>`;
  if (state === "withheld") return html`<${Withheld} name=${name} objections=${result?.objections ?? []} reason=${reason} act=${act} />`;
  if (state !== "done" || !result?.version) return null;
  return html`<${Panel} title=${`Version ${result.version} of ${name} is published`} actions=${html`<a class="button main" href=${link("models", { model: name })}>See the model</a>`}>
    <${Measured} name=${name} version=${result.version} />
    ${result.objections?.length > 0 && html`<p class="note">Published although the gate objects: ${result.objections.join(" ")}</p>`}
    <${Next} fit=${fit} />
  <//>`;
}

const REST = 1000;
const SOON = 60_000; // a new version is served within seconds

/** What the model can do now, with the series that it was fitted to. */
function Next({ fit: { name, dataset, result, ended } }) {
  const served = useAsync((signal) => get("models", { signal }), [name, result.version]);
  const card = served.value?.models.find((one) => one.name === name && one.versions.includes(result.version));
  const waits = !card && Date.now() - new Date(ended) < SOON;
  useEffect(() => {
    if (!waits || served.busy) return;
    const timer = setTimeout(served.again, REST);
    return () => clearTimeout(timer);
  }, [waits, served.busy]);
  if (!card) return waits && html`<p class="note" role="status">It is loaded, and answers in a moment.</p>`;
  const steps = [
    ["explore", "Explore it", ["decode", "sample"], {}],
    ["augment", "Augment its dataset", ["augment"], { dataset }],
    ["classify", "Look for oddities in its dataset", ["reconstruct"], { dataset, source: "dataset" }],
  ].filter(([, , needs]) => needs.some((operation) => card.operations.includes(operation)));
  return html`<p class="row" style="margin-top:16px">${steps.map(([view, text, , params]) => html`<a class="button" href=${link(view, { model: name, ...params })}>${text}</a>`)}</p>`;
}

function Withheld({ name, objections, reason, act }) {
  return html`<${Panel} title="Withheld by the quality gate" actions=${html`<${Button} onClick=${() => act("publish")}>Publish it nevertheless<//><${Button} kind="danger" onClick=${() => act("discard")}>Discard it<//>`}>
    <p>The fit is complete. It is not served, because:</p>
    <ul>${(objections.length ? objections : [reason]).filter(Boolean).map((one) => html`<li>${one}</li>`)}</ul>
    <p class="note">What is served as ${name} goes on being served until you publish it.</p>
  <//>`;
}

function Measured({ name, version }) {
  const found = useAsync((signal) => readMetrics(name, version, signal), [name, version]);
  if (found.error) return html`<${Refusal} error=${found.error} />`;
  return html`<${Numbers} metrics=${found.value} />`;
}

/** What was measured of a version; null where it is not there any more. */
export async function readMetrics(name, version, signal) {
  const { versions, retired } = await get(`studio/models/${name}`, { signal });
  return [...versions, ...(retired ?? [])].find((one) => one.version === version)?.metrics ?? null;
}

const FIRST = ["accuracy", "balanced_accuracy", "explained", "tstr_ratio", "discriminative_score", "nearest_neighbour_ratio"];

/** What was measured, of the measures that models have: `[{measure, value}]`. */
export function listMeasured(metrics) {
  return MEASURES.map((measure) => ({ measure, value: metrics ? (measure.read(metrics) ?? null) : null })).filter(({ value }) => value !== null);
}

/** The policy that cross-validation chose, and its uplift; null where none was compared. */
function findChosen(metrics) {
  const { policy, candidates = [] } = metrics?.uplift ?? {};
  return candidates.length > 1 ? (candidates.find((one) => one.policy === policy) ?? null) : null;
}

function Numbers({ metrics }) {
  const chosen = findChosen(metrics);
  return html`<div class="fit-numbers">
    ${listMeasured(metrics).filter(({ measure }) => FIRST.includes(measure.key)).map(({ measure, value }) => html`<p title=${measure.means}><span class="figure">${measure.format(value)}</span><br /><span class="ds-quiet ds-small">${measure.label}</span></p>`)}
    ${chosen?.uplift && html`<p><span class="figure">${formatInterval(100 * chosen.uplift.mean, 100 * chosen.uplift.low, 100 * chosen.uplift.high)}</span><br /><span class="ds-quiet ds-small">points by adding ${chosen.policy}, cross-validated</span></p>`}
  </div>`;
}
