// How many series of each class are there to augment: real ones, of the part to train with.

import { get } from "../../api.js";

const PAGE = 1000;
const MOST_COUNTED = 20_000;

/**
 * A dataset whose `classes` count what is augmented; `kept` counts all of it, test cases and made ones too. The
 * catalogue counts all of a class, so that where there are others the series themselves are looked through.
 */
export async function countReal(dataset, signal) {
  const { n_cases: nCases, n_test: nTest, n_synthetic: nSynthetic } = dataset.shape;
  if ((!nTest && !nSynthetic) || nCases > MOST_COUNTED) return { ...dataset, kept: dataset.classes };
  const counts = new Map(dataset.classes.map(({ label }) => [String(label), 0]));
  let real = 0;
  for (let offset = 0; offset < nCases; offset += PAGE) {
    const page = await get(`datasets/${dataset.id}/series?part=train&timepoints=2&limit=${PAGE}&offset=${offset}`, { signal });
    page.series.forEach((_, place) => {
      if (page.synthetic?.[place]) return;
      real += 1;
      const label = String(page.labels?.[place]);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    });
    if (page.series.length < PAGE) break;
  }
  return { ...dataset, real, kept: dataset.classes, classes: dataset.classes.map(({ label }) => ({ label, count: counts.get(String(label)) })) };
}
