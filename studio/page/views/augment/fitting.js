// Which models can augment a dataset, and why others cannot.

import { fitsShape } from "../explore/shape.js";

/** Why a model cannot augment a dataset, in a few words; empty where it can. */
export function findObstacle(card, dataset) {
  if (!card.operations.includes("augment")) return "it does not augment";
  const { shape, classes } = dataset;
  if (shape.n_channels !== card.series.n_channels) return `it takes series of ${card.series.n_channels} ${card.series.n_channels === 1 ? "channel" : "channels"}`;
  if (!fitsShape(shape, card.series)) return `it takes series of ${describeLengths(card.series)} timepoints`;
  const known = new Set(card.classes.map(({ label }) => String(label)));
  const strange = classes.filter(({ label }) => !known.has(String(label)));
  if (card.labelled && !classes.length) return "it knows classes, and the dataset has no labels";
  if (card.labelled && strange.length) return `it knows no class ${strange[0].label}`;
  if (!card.labelled && classes.length > 1) return "it learned without labels, and cannot tell the classes apart";
  return "";
}

function describeLengths(series) {
  return series.length_policy === "fixed" ? String(series.n_timepoints) : `${series.shortest} to ${series.longest}`;
}
