// How datasets are described in words, the same in lists, on cards and in menus.

import { formatNumber } from "../../ui.js";

export const KINDS = { upload: "uploaded", generated: "generated", augmented: "augmented", windows: "windows" };

export const count = (number, one, many = `${one}s`) => `${formatNumber(number)} ${number === 1 ? one : many}`;

export const describeName = (dataset) => `${dataset.name} · ${dataset.version}`;

export function describeShape({ n_cases, n_test = 0, n_channels, n_timepoints, shortest }) {
  const length = shortest && shortest < n_timepoints ? `${formatNumber(shortest)}–${formatNumber(n_timepoints)}` : formatNumber(n_timepoints);
  const test = n_test ? ` (${formatNumber(n_test)} of them to test)` : "";
  return `${count(n_cases + n_test, "series", "series")}${test}, ${count(n_channels, "channel")}, ${length} timepoints`;
}

export function describeGaps({ n_missing, n_cases, n_test = 0, n_channels, n_timepoints }) {
  if (!n_missing) return "none";
  const share = (100 * n_missing) / ((n_cases + n_test) * n_channels * n_timepoints);
  return `${formatNumber(n_missing)} values (${share < 0.1 ? "< 0.1" : formatNumber(share, 2)} %)`;
}

/** Where it came from, in a phrase. */
export function describeSource({ kind, source = {} }) {
  const what = source.filename ?? source.generator ?? source.model ?? "";
  if (kind === "windows" && source.window) return `windows of ${source.window}, every ${source.stride ?? source.window}`;
  if (kind === "augmented" && source.model) return `augmented by ${source.model}`;
  return what ? `${KINDS[kind] ?? kind}: ${what}` : (KINDS[kind] ?? kind);
}

/** How a class's share of all reads: `[{label, count, share}]`, and how uneven they are. */
export function weighClasses(classes) {
  const total = classes.reduce((sum, one) => sum + one.count, 0);
  const shares = classes.map((one) => ({ ...one, share: total ? one.count / total : 0 }));
  const counts = classes.map((one) => one.count);
  return { shares, ratio: counts.length > 1 ? Math.max(...counts) / Math.max(1, Math.min(...counts)) : 1 };
}

/** A name that the catalogue and the repository both take: lower case, digits, - and _. */
export function suggestName(text) {
  const stem = text.replace(/\.(gz|zip)$/i, "").replace(/\.[^.]+$/, "");
  const plain = stem.normalize("NFKD").toLowerCase().replace(/[^a-z0-9_]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return plain.slice(0, 60) || "dataset";
}
