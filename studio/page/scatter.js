// Points in a plane, drawn on a canvas: hover, pick, and a crosshair that follows pointer, finger or arrow keys.

import { html, useEffect, useLayoutEffect, useMemo, useRef } from "./vendor/preact.js";
import { classColour, resolveColour, watchScheme } from "./chart.js";

const REACH = 14; // pixels around a point that still mean it
const MARGIN = 0.08;

/**
 * `points` [n][2]; `groups` [n]: the class index of each, which gives its colour and its mark; `colours`: with groups
 * one for each group, else one for each point; `hollow` [n]: drawn as outlines; `ellipses`: `[{centre [2], covariance
 * [2][2], colour, opacity}]` at two standard deviations; `selected`: an index or several; `at`: {x, y} of the crosshair;
 * `frame`: `{points, ellipses}` that the view holds, else all of those shown.
 *
 * `onHover(index or null)`, `onPick(index)`: a point is hovered, clicked or chosen with Enter. `onPoint({x, y})`: where
 * the pointer is pressed, dragged or moved by keys, in the plane's units, once a frame; `onPointEnd()`: it was let go.
 */
export function Scatter(props) {
  const { points, groups, colours, hollow, ellipses = [], selected, at, height = 380, label = "Map", frame } = props;
  const place = useRef();
  const canvas = useRef();
  const inner = useRef({ hovered: null, at: null, frame: 0, waiting: null, view: null, size: null, grid: null });
  const latest = useRef(props);
  latest.current = props;
  const [inView, around] = [frame?.points ?? points, frame?.ellipses ?? ellipses];
  const view = useMemo(() => frameAll(inView, around), [inView, around]);
  inner.current.view = view;
  inner.current.at = at ?? inner.current.at;

  const draw = () => {
    const state = inner.current;
    state.frame ||= requestAnimationFrame(() => {
      state.frame = 0;
      if (canvas.current) paint(canvas.current, state, latest.current);
    });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => (fit(canvas.current, place.current.clientWidth, height, inner.current), draw()));
    observer.observe(place.current);
    fit(canvas.current, place.current.clientWidth, height, inner.current);
    const end = listenTo(canvas.current, inner.current, latest, draw);
    const unwatch = watchScheme(draw);
    return () => (observer.disconnect(), unwatch(), end());
  }, [height]);
  useEffect(draw, [points, groups, colours, hollow, ellipses, selected, at?.x, at?.y]);

  return html`<div ref=${place} class="scatter">
    <canvas ref=${canvas} tabindex="0" role="application" aria-roledescription="map" style=${`height:${height}px`}
      aria-label=${`${label}: ${points.length} points. Arrow keys move the crosshair, with shift in larger steps; Enter picks the nearest point.`}></canvas>
  </div>`;
}

function frameAll(points, ellipses) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  const include = (x, y, w = 0, h = 0) => {
    left = Math.min(left, x - w);
    right = Math.max(right, x + w);
    bottom = Math.min(bottom, y - h);
    top = Math.max(top, y + h);
  };
  for (const [x, y] of points) include(x, y);
  for (const { centre, covariance } of ellipses) {
    include(centre[0], centre[1], 2 * Math.sqrt(covariance[0][0]), 2 * Math.sqrt(covariance[1][1]));
  }
  if (left > right) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: (left + right) / 2, y: (bottom + top) / 2, width: right - left || 1, height: top - bottom || 1 };
}

function fit(canvas, width, height, state) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  state.size = { width, height, ratio };
}

/** Pixels of a plane's unit: the same both ways, so that ellipses keep their shape. */
function findScale({ view, size }) {
  return (1 - 2 * MARGIN) * Math.min(size.width / view.width, size.height / view.height);
}

function toPixels(state, x, y) {
  const { view, size } = state;
  const scale = findScale(state);
  return [size.width / 2 + (x - view.x) * scale, size.height / 2 - (y - view.y) * scale];
}

function toPlane(state, left, top) {
  const { view, size } = state;
  const scale = findScale(state);
  return { x: view.x + (left - size.width / 2) / scale, y: view.y - (top - size.height / 2) / scale };
}

function colourOf(props, index) {
  const { groups, colours } = props;
  if (groups) {
    const group = groups[index];
    return group === null || group === undefined || group < 0 ? "var(--quiet)" : (colours?.[group] ?? classColour(group));
  }
  return colours?.[index] ?? "var(--accent)";
}

function paint(canvas, state, props) {
  const context = canvas.getContext("2d");
  const { width, height, ratio } = state.size;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  for (const ellipse of props.ellipses ?? []) paintEllipse(context, state, ellipse);
  const { points, groups, hollow } = props;
  const radius = points.length > 600 ? 2.8 : 4;
  for (let index = 0; index < points.length; index += 1) {
    const [left, top] = toPixels(state, points[index][0], points[index][1]);
    context.fillStyle = context.strokeStyle = resolveColour(colourOf(props, index));
    context.globalAlpha = hollow?.[index] ? 0.9 : 0.8;
    traceMark(context, left, top, radius, groups?.[index] ?? 0);
    context.lineWidth = 1.25;
    hollow?.[index] ? context.stroke() : context.fill();
  }
  context.globalAlpha = 1;
  for (const index of [props.selected ?? []].flat()) ring(context, state, points[index], 8, 2);
  if (state.hovered !== null) ring(context, state, points[state.hovered], 7, 1.5);
  if (state.at) paintCrosshair(context, state);
}

function traceMark(context, left, top, radius, group) {
  context.beginPath();
  const kind = group < 0 ? 0 : group % 4;
  if (kind === 0) context.arc(left, top, radius, 0, 2 * Math.PI);
  else if (kind === 1) context.rect(left - 0.9 * radius, top - 0.9 * radius, 1.8 * radius, 1.8 * radius);
  else {
    const corners = kind === 2 ? 3 : 4;
    const reach = (kind === 2 ? 1.3 : 1.25) * radius;
    for (let corner = 0; corner < corners; corner += 1) {
      const angle = -Math.PI / 2 + (2 * Math.PI * corner) / corners;
      context.lineTo(left + reach * Math.cos(angle), top + reach * Math.sin(angle));
    }
    context.closePath();
  }
}

function paintEllipse(context, state, { centre, covariance, colour = "var(--accent)", opacity = 0.12 }) {
  const [[a, b], [, d]] = covariance;
  const middle = (a + d) / 2;
  const apart = Math.hypot((a - d) / 2, b);
  const [long, short] = [Math.sqrt(middle + apart), Math.sqrt(Math.max(middle - apart, 0))];
  const [left, top] = toPixels(state, centre[0], centre[1]);
  const scale = 2 * findScale(state);
  context.beginPath();
  context.ellipse(left, top, long * scale, short * scale, -0.5 * Math.atan2(2 * b, a - d), 0, 2 * Math.PI);
  context.fillStyle = context.strokeStyle = resolveColour(colour);
  context.globalAlpha = opacity;
  context.fill();
  context.globalAlpha = Math.min(1, 4 * opacity);
  context.lineWidth = 1;
  context.stroke();
  context.globalAlpha = 1;
}

function ring(context, state, point, radius, width) {
  if (!point) return;
  const [left, top] = toPixels(state, point[0], point[1]);
  context.beginPath();
  context.arc(left, top, radius, 0, 2 * Math.PI);
  context.strokeStyle = resolveColour("var(--ink)");
  context.lineWidth = width;
  context.stroke();
}

function paintCrosshair(context, state) {
  const { width, height } = state.size;
  const [left, top] = toPixels(state, state.at.x, state.at.y);
  context.strokeStyle = resolveColour("var(--accent)");
  context.lineWidth = 1;
  context.globalAlpha = 0.7;
  context.beginPath();
  context.moveTo(left, 0);
  context.lineTo(left, height);
  context.moveTo(0, top);
  context.lineTo(width, top);
  context.stroke();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(left, top, 5, 0, 2 * Math.PI);
  context.fillStyle = resolveColour("var(--paper)");
  context.fill();
  context.lineWidth = 2;
  context.stroke();
}

function findNearest(state, points, left, top, reach = REACH) {
  let [best, least] = [null, reach * reach];
  for (let index = 0; index < points.length; index += 1) {
    const [x, y] = toPixels(state, points[index][0], points[index][1]);
    const distance = (x - left) ** 2 + (y - top) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function listenTo(canvas, state, latest, draw) {
  let pressed = null;
  const locate = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const hover = (index) => {
    if (index === state.hovered) return;
    state.hovered = index;
    latest.current.onHover?.(index);
    draw();
  };
  const point = (left, top) => {
    if (!latest.current.onPoint) return;
    const { width, height } = state.size;
    state.at = toPlane(state, Math.max(0, Math.min(width, left)), Math.max(0, Math.min(height, top)));
    draw();
    if (state.waiting) return void (state.waiting = state.at);
    state.waiting = state.at;
    requestAnimationFrame(() => {
      const newest = state.waiting;
      state.waiting = null;
      if (newest) latest.current.onPoint?.(newest);
    });
  };
  const pick = (nearest) => {
    if (nearest === null) return;
    state.waiting = null; // a tap is over before the frame that its beginning waits for
    latest.current.onPick?.(nearest);
  };
  const handlers = {
    pointerdown: (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      pressed = locate(event);
      point(...pressed);
    },
    pointermove: (event) => {
      const [left, top] = locate(event);
      if (pressed) point(left, top);
      hover(findNearest(state, latest.current.points, left, top));
    },
    pointerup: (event) => {
      const [left, top] = locate(event);
      const still = pressed && Math.hypot(left - pressed[0], top - pressed[1]) < 5;
      if (pressed) requestAnimationFrame(() => latest.current.onPointEnd?.());
      pressed = null;
      if (still) pick(findNearest(state, latest.current.points, left, top));
    },
    pointercancel: () => {
      if (pressed) latest.current.onPointEnd?.();
      pressed = null;
    },
    pointerleave: () => hover(null),
    keydown: (event) => {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const { width, height } = state.size;
      const [left, top] = state.at ? toPixels(state, state.at.x, state.at.y) : [width / 2, height / 2];
      if (steps) {
        event.preventDefault();
        const length = event.shiftKey ? 40 : 8;
        const [x, y] = [left + length * steps[0], top + length * steps[1]].map((value, axis) => Math.max(0, Math.min([width, height][axis], value)));
        state.at = toPlane(state, x, y);
        point(x, y);
        hover(findNearest(state, latest.current.points, x, y, 40));
        draw();
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        pick(findNearest(state, latest.current.points, left, top, Infinity));
      }
    },
    keyup: (event) => event.key.startsWith("Arrow") && latest.current.onPointEnd?.(),
  };
  for (const [name, handle] of Object.entries(handlers)) canvas.addEventListener(name, handle);
  return () => Object.entries(handlers).forEach(([name, handle]) => canvas.removeEventListener(name, handle));
}
