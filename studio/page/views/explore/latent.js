// The plane of a model's latent space, the series under the pointer, and what can be done with both.

import { get } from "../../api.js";
import { Scatter } from "../../scatter.js";
import { Busy, Panel, Refusal, Tabs, formatShare, html, setParams, useAsync, useCallback, useMemo, useRef, useRoute, useState } from "../../ui.js";
import { AxisSliders } from "./axes.js";
import { Channels } from "./channels.js";
import { CompleteTab } from "./complete.js";
import { useCase, useFocus } from "./focus.js";
import { Judgement } from "./judgement.js";
import { sortIntoKinds } from "./kinds.js";
import { expandEllipses, liftPoint, projectCode } from "./plane.js";
import { SamplesTab } from "./samples.js";
import { nameChannels } from "./shape.js";
import { readNumbers, writeNumbers } from "./sharing.js";
import { SlideTab, pickEnd, readEnd } from "./slide.js";

const TABS = [
  ["slide", "Slide between two", "interpolate"],
  ["axes", "Turn the axes", "decode"],
  ["samples", "New series", "sample"],
  ["complete", "Complete a beginning", "complete"],
];

export function LatentRoom({ card, dataset }) {
  const empty = !dataset && !card.operations.includes("sample");
  const path = `studio/models/${card.name}/map${dataset ? `?dataset=${dataset}` : ""}`;
  const map = useAsync((signal) => (empty ? null : get(path, { signal })), [path, empty]);
  if (empty) {
    return html`<${Panel}><p>${card.name} makes no series out of nothing, so there is nothing to lay out yet. Choose a dataset above.</p><//>`;
  }
  if (map.error) return html`<${Refusal} error=${map.error} />`;
  if (!map.value) return html`<${Busy} what="Laying out the plane" />`;
  return html`<${Plane} card=${card} dataset=${dataset} map=${map.value} />`;
}

function Plane({ card, dataset, map }) {
  const { params } = useRoute();
  const names = useMemo(() => nameChannels(card.series), [card]);
  const kinds = useMemo(() => sortIntoKinds(card, map), [card, map]);
  const first = useMemo(() => readFocus(params, map), []);
  const { focus, decoded, look, drawn } = useFocus(card.name, first);
  const settled = useRef(first);
  const dragging = useRef(false);
  const pointed = useRef(0);
  const [made, setMade] = useState(null);
  const tabs = TABS.filter(([, , operation]) => card.operations.includes(operation)).map(([name, text]) => [name, text]);
  const tab = tabs.some(([name]) => name === params.do) ? params.do : tabs[0]?.[0];
  const expansion = Number(params.expansion) || card.expansion || 1;
  const cloud = useMemo(() => addMade(map, kinds, tab === "samples" ? made : null), [map, kinds, made, tab]);
  const ellipses = useMemo(() => paintEllipses(map, kinds, expansion), [map, kinds, expansion]);
  const room = 4 ** Math.ceil(Math.log(Math.max(1, expansion)) / Math.log(4)); // the view grows in steps, and not with the slider
  const frame = useMemo(() => ({ points: map.points, ellipses: expandEllipses(map.ellipses ?? [], room) }), [map, room]);
  const own = useCase(dataset, focus.index === undefined ? null : (map.index?.[focus.index] ?? null));

  const settle = useCallback(
    (wish) => {
      settled.current = wish;
      look(wish);
    },
    [look],
  );
  const remember = useCallback((wish) => setParams((known) => ({ ...known, ...writeFocus(wish) })), []);
  const move = useCallback(
    (point) => {
      dragging.current = true;
      settle({ code: liftPoint(map, point), point, began: pointed.current || performance.now() });
    },
    [map, settle],
  );
  const finish = useCallback(() => {
    dragging.current = false;
    if (settled.current.point) remember(settled.current);
  }, [remember]);
  const hover = useCallback(
    (place) => {
      if (dragging.current) return;
      look(place === null ? settled.current : cloud.at(place));
    },
    [cloud, look],
  );
  const pick = useCallback(
    (place) => {
      const wish = cloud.at(place);
      settle(wish);
      setParams((known) => ({ ...known, ...writeFocus(wish), ...(tab === "slide" ? pickEnd(known, place) : {}) }));
    },
    [cloud, settle, tab],
  );
  const note = () => (pointed.current = performance.now());

  const lines = useMemo(() => listLines({ decoded, own, focus, kinds }), [decoded, own, focus.index, kinds]);
  const common = { card, map, kinds, names, focus, settle, remember, params };
  const rings = tab === "slide" ? [params.from, params.to].map((end) => readEnd(end, map, kinds).index).filter((end) => end !== undefined) : [];
  return html`<div class="explore">
    <${Panel} title="The plane">
      <div onPointerDownCapture=${note} onPointerMoveCapture=${note}>
        <${Scatter} label=${`The latent plane of ${card.name}`} points=${cloud.points} groups=${cloud.groups} hollow=${cloud.hollow}
          colours=${kinds.colours} ellipses=${ellipses} frame=${frame}
          selected=${rings} at=${projectCode(map, focus.code)} onHover=${hover} onPick=${pick} onPoint=${move} onPointEnd=${finish} />
      </div>
      <${Legend} kinds=${kinds} made=${tab === "samples" && made && !map.drawn} ellipses=${ellipses.length > 0} />
      <p class="note">${describePlane(card, dataset, map)}</p>
    <//>
    <${Panel} title=${titleFocus({ focus, map, kinds, dataset })}>
      <${Channels} lines=${lines} names=${names} ranges=${card.series.value_range} onDraw=${drawn} />
      <${Refusal} error=${decoded.error} />
      <${Judgement} card=${card} series=${own ?? decoded.series} kinds=${kinds} />
    <//>
    ${tab && html`<${Panel} wide label="What to do">
      <${Tabs} label="What to do" tabs=${tabs} value=${tab} onChange=${(next) => setParams((known) => ({ ...known, do: next }))}>
        ${tab === "slide" && html`<${SlideTab} ...${common} />`}
        ${tab === "axes" && html`<${AxisSliders} ...${common} />`}
        ${tab === "samples" && html`<${SamplesTab} ...${common} expansion=${expansion} onMade=${setMade} />`}
        ${tab === "complete" && html`<${CompleteTab} ...${common} series=${own ?? decoded.series} />`}
      <//>
    <//>`}
  </div>`;
}

function Legend({ kinds, made, ellipses }) {
  return html`<ul class="ex-legend">
    ${kinds.names.map((name, kind) => html`<li key=${kind}><i class=${`ex-mark m${kind % 4}`} style=${`--colour:${kinds.colours[kind]}`}></i>${name}</li>`)}
    ${made && html`<li><i class="ex-mark hollow"></i>new series</li>`}
    ${ellipses && html`<li><i class="ex-mark ring"></i>the mixture, two deviations wide</li>`}
  </ul>`;
}

/** What the address says is looked at, else the middle of the plane. */
function readFocus(params, map) {
  const place = params.case === undefined ? -1 : Number(params.case);
  if (map.latent[place]) return { code: map.latent[place], index: place };
  const point = readNumbers(params.at, 2);
  if (point) return { code: liftPoint(map, { x: point[0], y: point[1] }), point: { x: point[0], y: point[1] } };
  return { code: readNumbers(params.z, map.mean.length) ?? map.mean };
}

function writeFocus({ code, point, index }) {
  const nothing = { case: undefined, at: undefined, z: undefined };
  if (index !== undefined) return { ...nothing, case: index };
  return point ? { ...nothing, at: writeNumbers([point.x, point.y]) } : { ...nothing, z: writeNumbers(code) };
}

/**
 * What is shown on the plane: the map's points and, hollow, those of series that were made. Where the map's own were
 * drawn too, the made ones take their place. `at(place)` is what a point stands for.
 */
function addMade(map, kinds, made) {
  const own = (place) => ({ code: map.latent[place], index: place });
  if (!made?.latent.length) return { points: map.points, groups: kinds.of, hollow: null, at: own };
  const points = made.latent.map((code) => projectCode(map, code)).map(({ x, y }) => [x, y]);
  const other = (place) => ({ code: made.latent[place], series: made.series[place] });
  if (map.drawn) return { points, groups: made.kinds, hollow: null, at: other };
  const count = map.points.length;
  return {
    points: [...map.points, ...points],
    groups: [...kinds.of, ...made.kinds],
    hollow: [...map.points.map(() => false), ...points.map(() => true)],
    at: (place) => (place < count ? own(place) : other(place - count)),
  };
}

function paintEllipses(map, kinds, expansion) {
  return expandEllipses(map.ellipses ?? [], expansion).map((ellipse, place) => ({ ...ellipse, colour: kinds.colours[kinds.ofEllipse(ellipse, place)] }));
}

function listLines({ decoded, own, focus, kinds }) {
  const colour = focus.index === undefined ? "var(--accent)" : kinds.colours[kinds.of[focus.index]];
  const lines = own ? [{ series: own, label: "as it is", colour, width: 1.75 }] : [];
  if (decoded.series) lines.push({ series: decoded.series, label: own ? "as the model decodes it" : "", colour: own ? "var(--quiet)" : colour, dash: Boolean(own), width: own ? 1.5 : 2.25 });
  return lines;
}

function titleFocus({ focus, map, kinds, dataset }) {
  if (focus.index === undefined) return "The series at this point";
  const kind = kinds.names[kinds.of[focus.index]];
  return `${dataset ? `Case ${map.index[focus.index]}` : "A series that the model made"}${kind ? `, ${kind}` : ""}`;
}

function describePlane(card, dataset, map) {
  const held = card.latent_dim <= 2 ? "" : ` The plane holds ${formatShare(sumUp(map.explained))} of what codes differ in, of ${card.latent_dim} dimensions.`;
  return `${map.points.length} ${dataset ? "series of the dataset" : "series that the model made"}. Drag anywhere, or use the arrow keys; click a point to choose it.${held}`;
}

const sumUp = (shares) => shares.reduce((sum, share) => sum + share, 0);
