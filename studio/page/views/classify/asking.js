// Asks the server what a model makes of series, some at a time.

import { post } from "../../api.js";

const AT_ONCE = 128; // series a request

/**
 * A row for each series: `{index, given, label, probabilities, sureness, typicality, score, error, anomalous, series,
 * reconstruction}`; what the model cannot say is null. `classes` in the order of the probabilities.
 */
export async function judgeSeries(card, { series, labels }, tell, signal) {
  const rows = [];
  let classes = [];
  const notes = new Set();
  for (let start = 0; start < series.length; start += AT_ONCE) {
    tell(start);
    const some = series.slice(start, start + AT_ONCE);
    const [judged, rebuilt] = await Promise.all([classify(card, some, signal), reconstruct(card, some, signal)]);
    classes = judged?.classes ?? classes;
    for (const answer of [judged, rebuilt]) if (answer?.note) notes.add(answer.note);
    some.forEach((one, at) => rows.push(buildRow(start + at, one, labels?.[start + at], judged, rebuilt, at)));
  }
  return { rows, classes, notes: [...notes], version: card.version };
}

/** Labels, probabilities and typicality; of a model without labels, typicality from its encoder. */
async function classify(card, series, signal) {
  const offers = (operation) => card.operations.includes(operation);
  const operation = offers("classify") ? "classify" : offers("encode") ? "encode" : null;
  if (!operation) return null;
  try {
    return await post(operation, { model: card.name, series, with: ["typicality"] }, { signal });
  } catch (error) {
    if (error.code !== "unsupported") throw error;
    return operation === "classify" ? post(operation, { model: card.name, series }, { signal }) : null;
  }
}

function reconstruct(card, series, signal) {
  return card.operations.includes("reconstruct") ? post("reconstruct", { model: card.name, series }, { signal }) : null;
}

function buildRow(index, series, given, judged, rebuilt, at) {
  const probabilities = judged?.probabilities?.[at] ?? null;
  const length = rebuilt?.lengths?.[at];
  return {
    index,
    given: given ?? null,
    label: judged?.labels?.[at] ?? null,
    probabilities,
    sureness: probabilities ? Math.max(...probabilities) : null,
    typicality: judged?.typicality?.[at] ?? null,
    score: rebuilt?.anomaly_score?.[at] ?? null,
    error: rebuilt?.error?.[at] ?? null,
    anomalous: rebuilt?.is_anomaly?.[at] ?? null,
    series,
    reconstruction: rebuilt ? rebuilt.series[at].map((channel) => (length ? channel.slice(0, length) : channel)) : null,
  };
}
