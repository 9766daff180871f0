// What the points of a plane are told apart by: their classes or, where data had no labels, their clusters.

import { classColour } from "../../chart.js";
import { findNearestEllipses } from "./plane.js";

/** `{names, colours, of [n], ofEllipse(ellipse, place), labels}`; `of` is the kind's index of each point. */
export function sortIntoKinds(card, map) {
  if (card.classes.length > 1) return sortByClass(card, map);
  const ellipses = map.ellipses ?? [];
  if (ellipses.length < 2) {
    return { names: [], labels: [], colours: ["var(--accent)"], of: map.points.map(() => 0), ofEllipse: () => 0, clusters: false };
  }
  return {
    names: ellipses.map((_, cluster) => `cluster ${cluster}`),
    labels: [],
    colours: ellipses.map((_, cluster) => classColour(cluster)),
    of: findNearestEllipses(map.points, ellipses),
    ofEllipse: (_, place) => place,
    clusters: true,
  };
}

function sortByClass(card, map) {
  const labels = card.classes.map(({ label }) => label);
  const places = new Map(labels.map((label, place) => [String(label), place]));
  return {
    names: labels.map((label) => `class ${label}`),
    labels,
    colours: labels.map((_, place) => classColour(place)),
    of: map.points.map((_, place) => places.get(String(map.labels?.[place])) ?? -1),
    ofEllipse: (ellipse) => ellipse.class_index,
    clusters: false,
  };
}
