// Charts of series, on uPlot. New values go into the chart that is there; it is only built again when its lines,
// their styles or its height change.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact.js";

export const N_COLOURS = 8;

/** The colour of a class, as CSS; it follows the scheme. Colours repeat after eight classes. */
export function classColour(index) {
  return `var(--class-${((index % N_COLOURS) + N_COLOURS) % N_COLOURS})`;
}

let resolved = new Map();

/** A colour that a canvas understands: `var(--name)` as it is in the present scheme. */
export function resolveColour(colour) {
  if (!resolved.has(colour)) {
    const name = /^var\((--[\w-]+)\)$/.exec(colour)?.[1];
    const value = name ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() : colour;
    resolved.set(colour, value);
  }
  return resolved.get(colour);
}

/** Call `redraw` when the scheme changes; returns what ends that. */
export function watchScheme(redraw) {
  const change = () => ((resolved = new Map()), redraw());
  const system = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributeFilter: ["data-scheme"] });
  system.addEventListener("change", change);
  return () => (observer.disconnect(), system.removeEventListener("change", change));
}

/**
 * Lines over time. `lines`: `[{values (null: missing), label, colour, dash, width, opacity}]`, `xs`: their times, else
 * 0, 1, …; `range`: `[low, high]` of the values, else what is there; `onDraw(plot)` draws over it on `plot.ctx`;
 * `onPoint(index, value)` is called while a pointer is pressed and moved; `log`: values, all positive, on a logarithmic scale.
 */
export function SeriesChart({ lines, xs, height = 220, title, onDraw, onPoint, range, legend = true, cursor = true, xLabel, log = false }) {
  const place = useRef();
  const plot = useRef(null);
  const latest = useRef({});
  latest.current = { lines, onDraw, onPoint, range };
  const [at, setAt] = useState(null);
  const longest = lines.reduce((most, line) => Math.max(most, line.values.length), 0);
  const times = useMemo(() => (xs ? [...xs] : Array.from({ length: longest }, (_, index) => index)), [xs, longest]);
  const looks = JSON.stringify(lines.map(({ label, colour, dash, width, opacity }) => [label, colour, dash, width, opacity]));

  useLayoutEffect(() => {
    const options = buildOptions(lines, place.current.clientWidth, height, cursor, latest, setAt, xLabel, log);
    plot.current = new window.uPlot(options, buildData(times, lines), place.current);
    const over = plot.current.over;
    const end = onPoint ? followPointer(plot.current, latest) : () => {};
    const observer = new ResizeObserver(() => place.current && plot.current.setSize({ width: place.current.clientWidth, height }));
    observer.observe(place.current);
    const unwatch = watchScheme(() => plot.current?.redraw(false, true));
    over.setAttribute("aria-hidden", "true");
    return () => (end(), observer.disconnect(), unwatch(), plot.current.destroy(), (plot.current = null));
  }, [looks, height, cursor, Boolean(onPoint), xLabel, log]);

  useLayoutEffect(() => {
    plot.current?.setData(buildData(times, lines));
  }, [lines, times, range?.[0], range?.[1], onDraw]);

  const shown = legend ? lines.filter((line) => line.label) : [];
  return html`<figure class="chart">
    ${(title || shown.length > 0) && html`<figcaption>
      ${title && html`<span class="chart-title">${title}</span>`}
      ${shown.map((line) => html`<span class="key"><i style=${`border-top:${line.width > 2 ? 3 : 2}px ${line.dash ? "dashed" : "solid"} ${line.colour ?? "var(--accent)"}`}></i>${line.label}${at !== null && line.values[at] != null ? html` <b>${formatShort(line.values[at])}</b>` : ""}</span>`)}
    </figcaption>`}
    <div ref=${place} class="plot" role="img" style=${`height:${height}px`} aria-label=${describe(title, lines)}></div>
  </figure>`;
}

const formatShort = (value) => String(Number(value.toPrecision(4))).replace("-", "−");

function describe(title, lines) {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  if (!values.length) return `${title ?? "Chart"}: nothing to show`;
  const [low, high] = findRange(values);
  const names = [...new Set(lines.map((line) => line.label).filter(Boolean))].slice(0, 6).join(", ");
  return `${title ?? "Chart"}: ${lines.length} ${lines.length === 1 ? "line" : "lines"}${names ? ` (${names})` : ""}, ${lines[0].values.length} timepoints, values from ${formatShort(low)} to ${formatShort(high)}`;
}

function findRange(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function buildData(times, lines) {
  return [times, ...lines.map((line) => (line.values.length === times.length ? line.values : [...line.values, ...Array(Math.max(0, times.length - line.values.length)).fill(null)]))];
}

function buildOptions(lines, width, height, cursor, latest, setAt, xLabel, log) {
  const axis = {
    stroke: () => resolveColour("var(--quiet)"),
    font: "11px " + getComputedStyle(document.body).fontFamily,
    grid: { stroke: () => resolveColour("var(--grid)"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(width, 40),
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      show: cursor, drag: { x: false, y: false, setScale: false }, y: false,
      points: { size: 7, width: 1.5, fill: () => resolveColour("var(--paper)"), stroke: (_, index) => resolveColour(lines[index - 1].colour ?? "var(--accent)") },
    },
    scales: { x: { time: false }, y: log ? { distr: 3 } : { range: (_, low, high) => widen(latest.current.range ?? [low, high]) } },
    axes: [{ ...axis, size: xLabel ? 44 : 28, gap: 4, label: xLabel, labelSize: 16, labelFont: axis.font }, { ...axis, size: fitTicks, gap: 4 }],
    series: [{}, ...lines.map((line) => ({
      label: line.label ?? "",
      stroke: () => resolveColour(line.colour ?? "var(--accent)"),
      alpha: line.opacity ?? 1,
      width: line.width ?? 1.75,
      dash: line.dash === true ? [6, 4] : line.dash,
      points: { show: false },
      spanGaps: false,
    }))],
    hooks: {
      setCursor: [(plot) => setAt(plot.cursor.idx ?? null)],
      draw: [(plot) => latest.current.onDraw?.(plot)],
    },
  };
}

/** Room for the longest of an axis' ticks, in pixels. */
function fitTicks(_, ticks) {
  return 14 + 6.6 * Math.max(3, ...(ticks ?? []).map((tick) => String(tick ?? "").length));
}

function widen([low, high]) {
  if (low === null || low === undefined || !Number.isFinite(low)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

function followPointer(plot, latest) {
  const { over } = plot;
  over.style.touchAction = "none";
  const tell = (event) => {
    const box = over.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const index = plot.posToIdx(Math.max(0, Math.min(box.width - 1, left)));
    latest.current.onPoint?.(index, plot.posToVal(Math.max(0, Math.min(box.height, top)), "y"));
  };
  const press = (event) => (over.setPointerCapture(event.pointerId), tell(event));
  const move = (event) => event.buttons & 1 && tell(event);
  over.addEventListener("pointerdown", press);
  over.addEventListener("pointermove", move);
  return () => (over.removeEventListener("pointerdown", press), over.removeEventListener("pointermove", move));
}

/**
 * Small multiples on one scale. `series` `[n][n_channels][n_timepoints]` (null: missing); `labels`: below each;
 * `colours`: of each; `marks`: a word in a corner of each; `onPick(index)` makes them choosable, `selected` is an index.
 */
export function SeriesGrid({ series, labels = [], colours = [], marks = [], selected, onPick, limit = 60, title, shared = true }) {
  const [shown, setShown] = useState(limit);
  const some = series.slice(0, shown);
  const bounds = useMemo(() => (shared ? findRange(some.flat(2).filter((value) => value !== null)) : null), [series, shown, shared]);
  return html`<div class="grid-of-series">
    ${title && html`<p class="chart-title">${title}</p>`}
    <ul>${some.map((one, index) => {
      const inside = html`<${Spark} series=${one} bounds=${bounds} colour=${colours[index]} />
        <span class="cell-label">${labels[index] ?? ""}${marks[index] && html`<em>${marks[index]}</em>`}</span>`;
      return html`<li key=${index}>${onPick ? html`<button type="button" aria-pressed=${String(selected === index)} aria-label=${`series ${index + 1}${labels[index] !== undefined ? `, ${labels[index]}` : ""}`} onClick=${() => onPick(index)}>${inside}</button>` : html`<div>${inside}</div>`}</li>`;
    })}</ul>
    ${series.length > shown && html`<button type="button" class="button quiet" onClick=${() => setShown(shown + 2 * limit)}>Show more of ${series.length}</button>`}
  </div>`;
}

const [SPARK_WIDTH, SPARK_HEIGHT] = [120, 44];

/** One series as a small line, a path for each channel. `series` `[n_channels][n_timepoints]`. */
export function Spark({ series, bounds, colour = "var(--accent)", width = SPARK_WIDTH, height = SPARK_HEIGHT }) {
  const paths = useMemo(() => {
    const [low, high] = bounds ?? findRange(series.flat().filter((value) => value !== null));
    return series.map((channel) => drawPath(channel, low, high, width, height));
  }, [series, bounds?.[0], bounds?.[1], width, height]);
  return html`<svg class="spark" viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
    ${paths.map((path, index) => html`<path d=${path} style=${`stroke:${colour};opacity:${1 - 0.6 * (index / Math.max(1, paths.length))}`} />`)}</svg>`;
}

function drawPath(values, low, high, width, height) {
  const [across, up] = [width / Math.max(1, values.length - 1), (height - 4) / (high - low || 1)];
  const stride = Math.max(1, Math.floor(values.length / (2 * width)));
  let path = "";
  let down = false;
  for (let index = 0; index < values.length; index += stride) {
    const value = values[index];
    if (value === null || value === undefined) {
      down = false;
      continue;
    }
    path += `${down ? "L" : "M"}${(index * across).toFixed(1)} ${(height - 2 - (value - low) * up).toFixed(1)}`;
    down = true;
  }
  return path;
}
