// Mean, spread, range and gaps of each channel, over all series and over those of each class, on one scale a channel.

import { Table, formatNumber, formatShare, html } from "../../ui.js";
import { classColour } from "../../chart.js";

export function Statistics({ dataset }) {
  const { channels = [], classes = [] } = dataset.statistics ?? {};
  const rows = channels.flatMap((whole, channel) => [
    describeRow(whole, whole, channel, "all", "var(--quiet)"),
    ...classes.map((one, index) => describeRow(one.channels[channel], whole, channel, String(one.label), classColour(index))),
  ]);
  const several = channels.length > 1;
  const number = (key, label) => ({ key, label, align: "right", render: (row) => formatNumber(row[key]) });
  const columns = [
    ...(several ? [{ key: "channel", label: "Channel" }] : []),
    { key: "of", label: "Class", render: (row) => html`<span><i class="swatch" style=${`background:${row.colour};margin-right:6px`}></i>${row.of}</span>` },
    { key: "range", label: "Range, mean ± sd", sortable: false, render: (row) => html`<${Range} row=${row} />` },
    { ...number("mean", "Mean"), render: ({ mean, sd }) => formatNumber(Math.abs(mean) < 1e-6 * sd ? 0 : mean) }, number("sd", "SD"), number("min", "Lowest"), number("max", "Highest"),
    { key: "missing", label: "Missing", align: "right", render: (row) => (row.missing ? formatShare(row.missing, 1) : "–") },
  ];
  return html`<${Table} caption="Statistics of each channel and class" columns=${columns.filter(({ label }) => label !== "Missing" || rows.some((row) => row.missing))} rows=${rows} rowKey=${(row) => `${row.place} ${row.of}`} />`;
}

function describeRow(one, whole, place, of, colour) {
  return { ...one, place, of, colour, channel: one.name ?? place, low: whole.min, high: whole.max };
}

function Range({ row }) {
  const { low, high, min, max, mean, sd, colour } = row;
  if (min === null || high === low) return html`<span class="ds-quiet">–</span>`;
  const at = (value) => (120 * (Math.max(low, Math.min(high, value)) - low)) / (high - low);
  const [from, to] = [at(mean - sd), at(mean + sd)];
  return html`<svg width="124" height="16" viewBox="-2 0 124 16" aria-hidden="true" style=${`color:${colour}`}>
    <line x1=${at(min)} x2=${at(max)} y1="8" y2="8" stroke="currentColor" stroke-width="1.5" />
    <rect x=${from} width=${Math.max(1, to - from)} y="3" height="10" fill="currentColor" opacity=".3" />
    <line x1=${at(mean)} x2=${at(mean)} y1="2" y2="14" stroke="currentColor" stroke-width="2" /></svg>`;
}
