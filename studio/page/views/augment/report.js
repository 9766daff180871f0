// The report class by class, what the fit knows of the gain, and how the series are best used.

import { Table, formatNumber, formatShare, html } from "../../ui.js";
import { POLICIES } from "./request.js";

const KINDS = {
  deep_network: "Deep networks",
  random_convolutions: "Random convolutions",
  nearest_neighbours: "Nearest neighbours",
  features_and_trees: "Features and trees",
};

export function Report({ answer, dataset }) {
  if (!answer) {
    return html`<p>The report was shown when these series were made; the catalogue keeps the series, and how they were made. Make them again with the same seed to see it.</p>`;
  }
  const rows = Object.entries(answer.report).map(([label, report]) => ({ id: label, label: dataset.classes.length ? label : "all", ...report }));
  const fallbacks = rows.filter(({ fallbacks: count }) => count > 0);
  return html`<div class="stack">
    <p class="aug-advice">${answer.advice.message}</p>
    <${Table} caption="The report, class by class" rows=${rows} columns=${[
      { key: "label", label: "Class" },
      { key: "had", label: "Yours", align: "right" },
      { key: "made", label: "Made", align: "right" },
      { key: "made_by", label: "By", render: ({ made_by }) => POLICIES[made_by]?.[0] ?? made_by, value: ({ made_by }) => made_by },
      { key: "acceptance", label: "Kept of proposed", align: "right", render: ({ acceptance }) => formatShare(acceptance) },
      { key: "weight", label: "Weight", align: "right", render: ({ weight }) => formatNumber(weight), hint: "What a made series counts in a loss where one of yours counts 1" },
      { key: "distance", label: "Distance", align: "right", render: ({ distance }) => formatNumber(distance), hint: "Median root mean squared difference to the nearest of yours, in original units" },
    ]} />
    <p class="note">Distance: the median difference of a made series from the nearest of yours, in your units. Weight: what it counts in a loss where one of yours counts 1.</p>
    ${fallbacks.length > 0 && html`<p>In ${fallbacks.map(({ label }) => `class ${label}`).join(" and ")}, not enough proposals were kept: ${formatNumber(fallbacks.reduce((sum, { fallbacks: count }) => sum + count, 0))} series are the likeliest of those dropped.</p>`}
    ${answer.overlap && html`<p>${describeOverlap(answer.overlap)}</p>`}
    ${answer.note && html`<p>${answer.note}</p>`}
    ${answer.usage && html`<h3>How each kind of classifier uses them best</h3>
      <dl class="aug-usage">${Object.entries(answer.usage).map(([kind, { how }]) => html`<div key=${kind}><dt>${KINDS[kind] ?? kind}</dt><dd>${how}</dd></div>`)}</dl>`}
    <p class="note">Made by ${answer.policy ? `the policy ${answer.policy}, ` : ""}with seed ${answer.seed}.</p>
  </div>`;
}

function describeOverlap(overlap) {
  return overlap.message;
}
