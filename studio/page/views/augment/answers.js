// What the server said when a dataset was augmented, kept in this tab: the catalogue keeps the series.

const STORED = "seriesmith-augmented-";

export function keepAnswer(answer) {
  try {
    sessionStorage.setItem(STORED + answer.dataset.id, JSON.stringify({ ...answer, dataset: null }));
  } catch {
    // The tab's storage is full: the result is shown without its report when it is opened again.
  }
}

/** The answer for a result: as it was kept, else as far as the dataset's own source tells; null where neither does. */
export function findAnswer(dataset) {
  const kept = sessionStorage.getItem(STORED + dataset.id);
  if (kept) return JSON.parse(kept);
  return dataset.source?.report ? dataset.source : null;
}
