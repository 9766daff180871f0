// Every number that is shown of a model: where it stands in its metrics, how it is written, what is good, what it means.

import { formatNumber, formatShare } from "../../ui.js";

const percent = (value) => formatShare(value, value > 0.995 && value < 1 ? 1 : 0);
const mean = (shares) => {
  const values = Object.values(shares ?? {});
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
};

/** `good`: "high", "low", or the value to be near to. `read(metrics)` is null where it was not measured. */
export const MEASURES = [
  {
    key: "accuracy", group: "Accuracy", label: "Accuracy", good: "high", format: percent,
    read: ({ accuracy }) => accuracy,
    means: "The share of cases not trained on whose label the model finds.",
  },
  {
    key: "balanced_accuracy", group: "Accuracy", label: "Balanced accuracy", good: "high", format: percent,
    read: ({ balanced_accuracy: value }) => value,
    means: "The same, each class counting alike, however rare it is.",
  },
  {
    key: "macro_f1", group: "Accuracy", label: "Macro F1", good: "high", format: formatNumber,
    read: ({ macro_f1: value }) => value,
    means: "Finding a class and not naming it wrongly, in one number, the mean over classes; 1 is best.",
  },
  {
    key: "explained", group: "Accuracy", label: "Reconstruction", good: "high", format: percent,
    read: ({ reconstruction }) => reconstruction?.explained ?? null,
    means: "How much of what varies in the series its reconstructions keep.",
  },
  {
    key: "classify_ms", group: "Accuracy", label: "Time to classify one", good: "low", format: (value) => `${formatNumber(value)} ms`,
    read: ({ classify_ms: value }) => value,
    means: "On one thread of the machine that fitted it.",
  },
  {
    key: "tstr_ratio", group: "Quality", label: "Trained on synthetic, tested on real", good: "high", format: percent, scale: [0, 1.1], target: 1,
    read: ({ quality }) => quality?.tstr_ratio ?? null,
    means: "Accuracy of a classifier that saw synthetic series only, against one that saw the real ones; 100\u202f% is as good.",
  },
  {
    key: "trts_ratio", group: "Quality", label: "Trained on real, tested on synthetic", good: "high", format: percent,
    read: ({ quality }) => quality?.trts_ratio ?? null,
    means: "Whether a classifier of real series recognises the classes of synthetic ones; 100\u202f% is as well.",
  },
  {
    key: "discriminative_score", group: "Quality", label: "Told apart from real", good: "low", format: (score) => percent(score + 0.5), scale: [0, 0.5], target: 0,
    read: ({ quality }) => quality?.discriminative_score ?? null,
    means: "How often the better of two judges tells a synthetic series from a real one; 50\u202f% is guessing.",
  },
  {
    key: "coverage", group: "Quality", label: "Variety covered", good: "high", format: percent,
    read: ({ quality }) => mean(quality?.coverage),
    means: "The share of real cases with a synthetic one nearby; low means that kinds of series are missing.",
  },
  {
    key: "frechet_distance", group: "Quality", label: "Fréchet distance", good: "low", format: formatNumber,
    read: ({ quality }) => quality?.frechet_distance ?? null,
    means: "How far the synthetic series' features lie from the real ones' as a whole; 0 is none.",
  },
  {
    key: "membership_attack", group: "Privacy", label: "Guessing who was trained on", good: "low", format: percent, scale: [0.4, 1], target: 0.5,
    read: ({ quality }) => quality?.membership_attack ?? null,
    means: "How often the synthetic series give away whether a case was trained on; 50\u202f% is guessing.",
  },
  {
    key: "nearest_neighbour_ratio", group: "Privacy", label: "Distance to training cases", good: 1, format: (value) => `${formatNumber(value, 2)} ×`, scale: [0, 1.5], target: 1,
    read: ({ quality }) => quality?.nearest_neighbour_ratio ?? null,
    means: "Of synthetic series, over that of real ones not trained on; well below 1 are near copies.",
  },
];

export const KINDS = {
  deep_network: ["Deep network", "ours, or one like it"],
  random_convolutions: ["Random convolutions", "MiniRocket and ridge regression"],
  nearest_neighbours: ["Nearest neighbours", "the most similar known case, by dynamic time warping"],
  features_and_trees: ["Features and trees", "a random forest of catch22 features"],
};

/** Of two values, which is better: -1 the first, 1 the second, 0 neither. */
export function judge(measure, first, second) {
  if (first === null || second === null || Math.abs(first - second) < 1e-9) return 0;
  const cost = { high: (value) => -value, low: (value) => value }[measure.good] ?? ((value) => Math.abs(value - measure.good));
  return cost(first) < cost(second) ? -1 : 1;
}
