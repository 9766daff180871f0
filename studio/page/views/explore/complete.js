// A beginning is drawn, and the model goes on with it, class by class.

import { post } from "../../api.js";
import { SeriesChart } from "../../chart.js";
import { Button, Meter, Refusal, Select, Slider, formatShare, html, setParams, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { emptyDrawing, isEmpty, readDrawing, takeBeginning, writeDrawing, writeStroke } from "./drawing.js";
import { makeFollower } from "./follow.js";

const EACH = 4; // completions of a class
const MOST_CLASSES = 5;

export function CompleteTab({ card, kinds, names, params, series }) {
  const { n_channels: nChannels, n_timepoints: nTimepoints } = card.series;
  const [drawing, setDrawing] = useState(() => readDrawing(params.drawn, nChannels, nTimepoints));
  const [undone, setUndone] = useState([]);
  const [channel, setChannel] = useState(0);
  const [share, setShare] = useState(0.3);
  const { answer, error, ask } = useCompletions(card);
  const [classes, setClasses] = useState(() => card.classes.map((_, place) => place).slice(0, MOST_CLASSES));
  const stroke = useRef(null);
  const range = card.series.value_range?.[channel] ?? findRange(series?.[channel]);

  const follow = (next) => {
    setDrawing(next);
    ask(next, classes);
  };
  const keep = (next) => {
    setParams((known) => ({ ...known, drawn: writeDrawing(next) }));
    ask(next, null);
  };
  const change = (next) => {
    setUndone([...undone, drawing]);
    setDrawing(next);
    keep(next);
  };
  const undo = () => {
    if (!undone.length) return;
    const next = undone[undone.length - 1];
    setUndone(undone.slice(0, -1));
    setDrawing(next);
    keep(next);
  };
  const press = () => (stroke.current = { before: drawing, drawing, last: null });
  const point = (index, value) => {
    const one = stroke.current;
    if (!one) return;
    one.drawing = writeStroke(one.drawing, channel, one.last, { index, value });
    one.last = { index, value };
    follow(one.drawing);
  };
  const release = () => {
    const one = stroke.current;
    stroke.current = null;
    if (!one || one.last === null) return;
    setUndone([...undone, one.before]);
    keep(one.drawing);
  };
  useEffect(() => {
    if (!isEmpty(drawing)) ask(drawing, null);
  }, []);
  useEffect(() => {
    if (answer && !stroke.current && answer.classes.join() !== classes.join()) setClasses(answer.classes);
  }, [answer]);
  const key = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      undo();
    }
  };

  const lines = useMemo(() => listLines({ drawing, answer: isEmpty(drawing) ? null : answer, classes, channel, kinds, nTimepoints }), [drawing, answer, classes, channel, kinds]);
  return html`<div class="ex-stack" onKeyDown=${key}>
    <p class="note">Draw a beginning, or any part, with mouse or finger. What you draw is kept, and the model completes the rest: ${EACH} ways for each class.</p>
    <div class="ex-drawing" onPointerDownCapture=${press} onPointerUp=${release} onPointerCancel=${release}>
      <${SeriesChart} lines=${lines} height=${300} range=${range} onPoint=${point} cursor=${false} title=${names.length > 1 ? names[channel] : "Draw here"} />
    </div>
    <${Refusal} error=${error} />
    ${answer && !isEmpty(drawing) && answer.probabilities.length > 1 && html`<dl class="ex-shares" aria-label="Which class the beginning may be of">
      ${answer.probabilities.map((probability, place) => html`<div key=${place}><dt>${kinds.names[place]}</dt>
        <dd><${Meter} value=${probability} label=${String(kinds.labels[place])} colour=${kinds.colours[place]} /><span>${formatShare(probability)}</span></dd></div>`)}
    </dl>`}
    <div class="row">
      ${names.length > 1 && html`<${Select} label="Draw in" value=${String(channel)} options=${names.map((name, place) => [String(place), name])} onChange=${(value) => setChannel(Number(value))} />`}
      <${Button} onClick=${undo} disabled=${!undone.length}>Undo<//>
      <${Button} kind="quiet" onClick=${() => change(emptyDrawing(nChannels, nTimepoints))} disabled=${isEmpty(drawing)}>Start again<//>
      <${Slider} label="Take this much" min=${0.05} max=${0.95} step=${0.05} value=${share} format=${(value) => formatShare(value)} onInput=${setShare} />
      <${Button} disabled=${!series} onClick=${() => change(takeBeginning(series, share, nTimepoints))}>of the series above<//>
    </div>
  </div>`;
}

/** `ask(drawing, classes)` completes a drawing in these classes, or in the likeliest; the newest wish goes first. */
function useCompletions(card) {
  const [state, setState] = useState({ answer: null, error: null });
  const follower = useMemo(
    () =>
      makeFollower(
        (wish) => complete(card, wish),
        (_, answer, error) => setState((before) => (error ? { ...before, error } : { answer, error: null })),
      ),
    [card],
  );
  useEffect(() => () => follower.end(), [follower]);
  const ask = (drawing, classes) => (isEmpty(drawing) ? setState({ answer: null, error: null }) : follower.go({ drawing, classes }));
  return { ...state, ask };
}

async function complete(card, { drawing, classes }) {
  const body = { model: card.name, seed: 0 };
  const lengths = card.series.length_policy === "fixed" ? {} : { n_timepoints: card.series.n_timepoints };
  if (card.classes.length === 1) {
    const made = await post("complete", { ...body, ...lengths, series: [drawing], n: 2 * EACH });
    return { classes: [0], probabilities: [1], completions: [made.completions[0]] };
  }
  const judged = await post("complete", { ...body, ...lengths, series: [drawing], n: 1 });
  const probabilities = judged.probabilities[0];
  const shown = classes ?? chooseLikeliest(probabilities);
  const labels = shown.map((place) => card.classes[place].label);
  const made = await post("complete", { ...body, ...lengths, series: labels.map(() => drawing), labels, n: EACH });
  return { classes: shown, probabilities, completions: made.completions };
}

function chooseLikeliest(probabilities) {
  const order = probabilities.map((_, place) => place).sort((one, other) => probabilities[other] - probabilities[one]);
  return order.slice(0, MOST_CLASSES).sort((one, other) => one - other);
}

/** The same lines, with the same looks, as long as the classes stay: a chart that is drawn on is not built again. */
function listLines({ drawing, answer, classes, channel, kinds, nTimepoints }) {
  const nothing = Array(nTimepoints).fill(null);
  const each = classes.length === 1 ? 2 * EACH : EACH;
  const lines = classes.flatMap((place) => {
    const found = answer?.completions[answer.classes.indexOf(place)];
    return Array.from({ length: each }, (_, turn) => ({
      values: found?.[turn]?.[channel] ?? nothing,
      label: turn === 0 ? (kinds.names.length && !kinds.clusters ? kinds.names[place] : "completed") : "",
      colour: kinds.clusters ? "var(--accent)" : kinds.colours[place],
      width: 1.25,
      opacity: 0.65,
    }));
  });
  return [...lines, { values: drawing[channel], label: "drawn", colour: "var(--ink)", width: 3.5 }];
}

function findRange(values) {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length ? [Math.min(...known), Math.max(...known)] : [-1, 1];
}
