// Sliding between two series, or two classes: the whole way is fetched once, then scrubbed.

import { post } from "../../api.js";
import { Refusal, Select, html, setParams, useAsync, useEffect, useMemo, useState } from "../../ui.js";
import { Scrub } from "./scrub.js";

const STEPS = 61;

/** An end as the address has it, "case:12" or "class:walk"; without one, the first or the last class's. */
export function readEnd(text, map, kinds) {
  const [, kind, value] = /^(case|class):(.*)$/s.exec(text ?? "") ?? [];
  if (kind === "case" && map.latent[Number(value)]) return { text, index: Number(value), name: nameCase(map, kinds, Number(value)) };
  const place = kind === "class" ? kinds.labels.findIndex((label) => String(label) === value) : -1;
  return place >= 0 && map.ellipses?.length ? { text, label: kinds.labels[place], name: `the middle of ${kinds.names[place]}` } : {};
}

/** The change of the address when a point is picked: the first pick is one end, the next the other. */
export function pickEnd(params, place) {
  const end = params.next === "to" ? "to" : "from";
  return { [end]: `case:${place}`, next: end === "from" ? "to" : "", position: "" };
}

const nameCase = (map, kinds, place) => `point ${place}${kinds.names[kinds.of[place]] ? `, ${kinds.names[kinds.of[place]]}` : ""}`;

export function SlideTab({ card, map, kinds, params, settle, remember }) {
  const defaults = useMemo(() => chooseDefaults(map, kinds), [map, kinds]);
  const [from, to] = [params.from ?? defaults[0], params.to ?? defaults[1]];
  const ends = [readEnd(from, map, kinds), readEnd(to, map, kinds)];
  const method = params.way === "spherical" ? "spherical" : "linear";
  const way = useAsync((signal) => fetchWay(card, map, ends, method, signal), [card.name, from, to, method]);
  const [position, setPosition] = useState(params.position === undefined ? 0 : Number(params.position) || 0);
  const show = (share) => {
    setPosition(share);
    const step = Math.round(share * (STEPS - 1));
    if (way.value) settle({ code: way.value.latent[step], series: way.value.series[step] });
  };
  useEffect(() => {
    if (way.value && params.position !== undefined && params.position !== "") show(Number(params.position));
  }, [way.value]);
  const change = (end) => (value) => setParams((known) => ({ ...known, [end]: value, position: "" }));
  return html`<div class="ex-stack">
    <p class="note">Click two points of the plane, one after the other, or choose here.</p>
    <div class="row">
      <${Select} label="From" value=${from} options=${listEnds(map, kinds, ends[0])} onChange=${change("from")} />
      <${Select} label="To" value=${to} options=${listEnds(map, kinds, ends[1])} onChange=${change("to")} />
      <${Select} label="Way" value=${method} options=${[["linear", "straight"], ["spherical", "along the arc"]]} onChange=${(value) => setParams((known) => ({ ...known, way: value === "linear" ? "" : value }))} />
    </div>
    <${Refusal} error=${way.error} />
    <${Scrub} label=${`From ${ends[0].name ?? "one"} to ${ends[1].name ?? "the other"}`} steps=${STEPS} ready=${Boolean(way.value)} position=${position}
      onShow=${show} onStop=${(share) => setParams((known) => ({ ...known, position: share.toFixed(2) }))} />
  </div>`;
}

function chooseDefaults(map, kinds) {
  if (kinds.labels.length > 1 && map.ellipses?.length) return [`class:${kinds.labels[0]}`, `class:${kinds.labels[1]}`];
  const across = map.points.map(([x], place) => ({ x, place })).sort((one, other) => one.x - other.x);
  return [`case:${across[0]?.place}`, `case:${across[across.length - 1]?.place}`];
}

function listEnds(map, kinds, end) {
  const classes = map.ellipses?.length ? kinds.labels.map((label, place) => [`class:${label}`, `the middle of ${kinds.names[place]}`]) : [];
  const known = end.index === undefined ? [] : [[end.text, end.name]];
  return [...known, ...classes, ...(known.length || end.label !== undefined ? [] : [["", "click a point"]])];
}

function fetchWay(card, map, [from, to], method, signal) {
  if (from.text === undefined || to.text === undefined) return null;
  const write = (side, { index, label }) => (index === undefined ? { [`${side}_labels`]: [label] } : { [`${side}_latent`]: [map.latent[index]] });
  return post("interpolate", { model: card.name, ...write("start", from), ...write("end", to), steps: STEPS, method }, { signal });
}
