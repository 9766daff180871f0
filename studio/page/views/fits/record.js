// A fit's record, put together from its events: stages with their losses, looks at the network, and the log.

import { useEffect, useRef, useState } from "../../ui.js";
import { listen } from "../../api.js";

const MOST_LINES = 2000;

export function makeRecord() {
  return { fit: null, stages: new Map(), looks: new Map(), lines: [], newest: null, error: null, lost: false };
}

/** Add an event; what comes again after a connection was lost is taken once. */
export function addEvent(record, name, data) {
  if (name === "state" || name === "end") record.fit = data;
  if (name === "stage") findStage(record, data);
  if (name === "step") addStep(findStage(record, data), data);
  if (name === "look") addLook(record, data);
  if (name === "log") addLine(record, data.line);
}

function findStage(record, { stage, steps }) {
  let found = record.stages.get(stage);
  if (!found) {
    record.stages.set(stage, (found = { name: stage, steps, step: 0, losses: new Map() }));
    record.newest = stage; // folds run side by side: the one that began last is followed, not the one that spoke last
  }
  if (steps) found.steps = steps;
  return found;
}

function addStep(stage, { step, losses }) {
  stage.step = Math.max(stage.step, step);
  for (const [name, value] of Object.entries(losses ?? {})) {
    if (value === null) continue;
    if (!stage.losses.has(name)) stage.losses.set(name, { steps: [], values: [] });
    const line = stage.losses.get(name);
    const last = line.steps.at(-1);
    if (last === undefined || step > last) line.steps.push(step), line.values.push(value);
  }
}

function addLook(record, look) {
  const stage = findStage(record, look);
  addStep(stage, { step: look.step, losses: look.numbers });
  if (!record.looks.has(look.stage)) record.looks.set(look.stage, []);
  const looks = record.looks.get(look.stage);
  if (!looks.length || look.step > looks.at(-1).step) looks.push(look);
}

function addLine(record, line) {
  record.lines.push(line);
  if (record.lines.length > 1.2 * MOST_LINES) record.lines.splice(0, record.lines.length - MOST_LINES);
}

/** Follow a fit's events: its record, drawn anew at most once a frame. `turn` begins anew, after a fit was resumed. */
export function useRecord(id, turn = 0) {
  const record = useRef(null);
  if (record.current?.key !== `${id} ${turn}`) record.current = { key: `${id} ${turn}`, ...makeRecord(), fit: record.current?.id === id ? record.current.fit : null, id };
  const [, draw] = useState(0);
  useEffect(() => {
    const stopping = new AbortController();
    const own = record.current;
    let frame = 0;
    const show = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw((before) => before + 1);
      });
    };
    const handle = (name) => (data) => {
      addEvent(own, name, data);
      show();
    };
    const handlers = Object.fromEntries(["state", "stage", "step", "look", "log", "end"].map((name) => [name, handle(name)]));
    handlers.lost = () => ((own.lost = true), show());
    handlers.back = () => ((own.lost = false), show());
    listen(`fits/${id}/events`, handlers, stopping.signal).catch((error) => {
      own.error = error;
      show();
    });
    return () => (stopping.abort(), cancelAnimationFrame(frame));
  }, [id, turn]);
  return record.current;
}
