// Strategy, policy, seed, expansion and constraints, each with what it means.

import { classColour } from "../../chart.js";
import { NumberInput, Select, Slider, Toggle, formatNumber, html } from "../../ui.js";
import { POLICIES, STRATEGIES, countMade, countWanted, listClasses, readCounts, writeCounts } from "./request.js";

export function How({ card, dataset, params, set }) {
  const strategy = STRATEGIES[params.strategy] ? params.strategy : "balance";
  const policy = params.policy && card.policies.includes(params.policy) ? params.policy : "auto";
  const policies = ["auto", ...card.policies].map((name) => [name, name === "auto" ? `${POLICIES.auto[0]} (${card.policy})` : (POLICIES[name]?.[0] ?? name)]);
  return html`<div class="stack">
    <div class="aug-settings">
      <${Select} label="How many" value=${strategy} onChange=${(value) => set({ strategy: value === "balance" ? "" : value })} hint=${STRATEGIES[strategy][1]}
        options=${Object.entries(STRATEGIES).map(([name, [text]]) => [name, text])} />
      <${Select} label="Where they come from" value=${policy} onChange=${(value) => set({ policy: value === "auto" ? "" : value })} hint=${POLICIES[policy]?.[1]} options=${policies} />
      <${NumberInput} label="Seed" min=${0} step=${1} value=${params.seed ?? null} placeholder="drawn" onInput=${(value) => set({ seed: value })} hint="Equal seeds give equal series." />
      ${card.expansion !== null && html`<${NumberInput} label="Expansion" min=${0.05} max=${100} step=${0.05} value=${params.expansion ?? null} placeholder=${`the model's, ${formatNumber(card.expansion)}`} onInput=${(value) => set({ expansion: value })}
        hint="Factor on the mixture's covariance: above 1, series stray further from yours." />`}
    </div>
    ${strategy === "factor" && html`<${Slider} label="Factor" min=${1} max=${10} step=${0.5} value=${Number(params.factor) || 2} format=${(value) => `× ${value}`} onInput=${(value) => set({ factor: value })} />`}
    ${strategy === "counts" && html`<${Totals} dataset=${dataset} params=${params} set=${set} />`}
    <${Outlook} dataset=${dataset} params=${params} />
    <details class="aug-more-settings"><summary>What every made series must meet</summary><div class="aug-settings">
      <${NumberInput} label="No value below" value=${params.lower ?? null} onInput=${(value) => set({ lower: value })} placeholder="no bound" />
      <${NumberInput} label="No value above" value=${params.upper ?? null} onInput=${(value) => set({ upper: value })} placeholder="no bound" />
      <${Select} label="It goes" value=${params.monotone ?? ""} onChange=${(value) => set({ monotone: value })} options=${[["", "as it goes"], ["increasing", "never down"], ["decreasing", "never up"]]} />
      <${Toggle} label="No value is negative" value=${params.non_negative} onChange=${(value) => set({ non_negative: value ? "1" : "" })} />
    </div><p class="note">Made series are moved to the nearest ones that meet all of these; yours stay as they are.</p></details>
  </div>`;
}

function Totals({ dataset, params, set }) {
  const counts = readCounts(params.counts, dataset);
  return html`<div class="aug-settings">${listClasses(dataset).map(({ label, count }) => html`<${NumberInput} key=${String(label)} label=${label === "" ? "Series" : `Class ${label}`} min=${count} step=${1}
    value=${counts[String(label)]} onInput=${(value) => set({ counts: writeCounts({ ...counts, [String(label)]: value ?? count }) })} hint=${`${formatNumber(count)} are yours`} />`)}</div>`;
}

/** What there will be of each class: yours full, made ones hatched. */
function Outlook({ dataset, params }) {
  const wanted = countWanted(params, dataset);
  const most = Math.max(1, ...Object.values(wanted), ...listClasses(dataset).map(({ count }) => count));
  const made = countMade(params, dataset);
  return html`<div><dl class="aug-counts">${listClasses(dataset).map(({ label, count }, place) => html`<${CountBar} key=${String(label)} name=${String(label) || "series"} real=${count} made=${Math.max(0, wanted[String(label)] - count)} most=${most} colour=${classColour(place)} />`)}</dl>
    <p class="note">${made ? `${formatNumber(made)} series are to be made.` : "Nothing is to be made: the classes are as large as this asks for already. Choose a factor, or totals."}</p></div>`;
}

export function CountBar({ name, real, made, most, colour }) {
  return html`<div><dt>${name}</dt><dd>
    <span class="aug-bars"><i class="aug-bar" style=${`width:${(100 * real) / most}%;background:${colour}`}></i><i class="aug-bar made" style=${`width:${(100 * made) / most}%;--colour:${colour}`}></i></span>
    <span>${formatNumber(real)}${made ? html` <span class="aug-quiet">+ ${formatNumber(made)}</span>` : ""}</span></dd></div>`;
}
