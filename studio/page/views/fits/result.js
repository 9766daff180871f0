// What came of a fit: the model and what was measured of it, what the gate objects to, or why it ended early.

import { Button, Panel, Refusal, formatInterval, formatNumber, formatShare, html, link, useAsync } from "../../ui.js";
import { get } from "../../api.js";

export function Result({ fit, act }) {
  const { state, name, result, reason } = fit;
  if (state === "failed") return html`<${Panel} title="It failed"><${Refusal} error=${{ message: reason ?? "It ended without a word; the log may say why." }} /><p class="note">Resume goes on where it was stopped, if what was wrong has changed.</p><//>`;
  if (state === "cancelled") return html`<${Panel} title="It was cancelled"><p>${reason ?? "Nothing was published."} Resume goes on where it was stopped.</p><//>`;
  if (state === "withheld") return html`<${Withheld} name=${name} objections=${result?.objections ?? []} reason=${reason} act=${act} />`;
  if (state !== "done" || !result?.version) return null;
  return html`<${Panel} title=${`Version ${result.version} of ${name} is published`} actions=${html`<a class="button main" href=${link("models", { model: name })}>See the model</a><a class="button" href=${link("explore", { model: name })}>Explore it</a>`}>
    <${Measured} name=${name} version=${result.version} />
    ${result.objections?.length > 0 && html`<p class="note">Published although the gate objects: ${result.objections.join(" ")}</p>`}
  <//>`;
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

/** The numbers that are shown of a model: `[[what, text, share]]`. */
export function listNumbers(metrics) {
  if (!metrics) return [];
  const { accuracy, uplift, quality } = metrics;
  const said = [
    ["Accuracy", isShare(accuracy) && formatShare(accuracy, 1)],
    ["Uplift by augmenting", describeUplift(uplift)],
    ["Nearest-neighbour ratio", formatMeasured(quality?.nearest_neighbour_ratio)],
    ["Discriminative score", formatMeasured(quality?.discriminative_score)],
  ];
  return said.filter(([, text]) => text);
}

const isShare = (value) => typeof value === "number";
const formatMeasured = (value) => (typeof value === "number" ? formatNumber(value) : typeof value?.value === "number" ? formatNumber(value.value) : "");

function describeUplift(uplift) {
  if (uplift === null || uplift === undefined) return "";
  if (typeof uplift === "number") return `${uplift > 0 ? "+" : ""}${formatNumber(100 * uplift)} points`;
  const { mean, low, high } = uplift;
  return typeof mean === "number" && typeof low === "number" ? `${formatInterval(100 * mean, 100 * low, 100 * high)} points` : "";
}

function Numbers({ metrics }) {
  return html`<div class="fit-numbers">${listNumbers(metrics).map(([what, text]) => html`<p><span class="figure">${text}</span><br /><span class="ds-quiet ds-small">${what}</span></p>`)}</div>`;
}
