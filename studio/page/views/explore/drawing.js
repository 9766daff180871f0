// What was drawn of a series: its values channel by channel, null where nothing was drawn.

import { readNumbers, writeNumbers } from "./sharing.js";

const MOST_LETTERS = 2000; // of an address

export const emptyDrawing = (nChannels, nTimepoints) => Array.from({ length: nChannels }, () => Array(nTimepoints).fill(null));

export const isEmpty = (drawing) => drawing.every((values) => values.every((value) => value === null));

/** The drawing with a stroke in one channel from `last`, which may be null, to `next`: `{index, value}`. */
export function writeStroke(drawing, channel, last, next) {
  const values = [...drawing[channel]];
  const from = last ?? next;
  const [step, count] = [Math.sign(next.index - from.index), Math.abs(next.index - from.index)];
  for (let done = 0; done <= count; done += 1) {
    const share = count ? done / count : 1;
    const index = from.index + step * done;
    if (index >= 0 && index < values.length) values[index] = from.value + share * (next.value - from.value);
  }
  return drawing.map((own, place) => (place === channel ? values : own));
}

/** The first `share` of a series, as long as drawings are. */
export function takeBeginning(series, share, nTimepoints) {
  const kept = Math.max(1, Math.round(share * Math.min(nTimepoints, series[0].length)));
  return series.map((values) => Array.from({ length: nTimepoints }, (_, index) => (index < kept ? (values[index] ?? null) : null)));
}

/** A drawing as the address holds it; nothing where it is empty, or too long for one. */
export function writeDrawing(drawing) {
  if (isEmpty(drawing)) return "";
  const text = drawing.map((values) => writeNumbers(values).replace(/,+$/, "")).join(";");
  return text.length > MOST_LETTERS ? "" : text;
}

export function readDrawing(text, nChannels, nTimepoints) {
  const channels = (text ?? "").split(";").map((part) => readNumbers(part) ?? []);
  const drawing = emptyDrawing(nChannels, nTimepoints);
  if (channels.length !== nChannels) return drawing;
  return drawing.map((values, place) => values.map((_, index) => channels[place][index] ?? null));
}
