// Real and made series over one another, class by class.

import { get } from "../../api.js";
import { SeriesChart, classColour } from "../../chart.js";
import { Busy, Refusal, Select, html, useAsync, useState } from "../../ui.js";
import { nameChannels } from "../explore/shape.js";
import { listClasses } from "./request.js";

const EACH = 8;
const MOST_CLASSES = 12;
const DRAWN = 600; // timepoints that a chart can show

export function Overlay({ dataset }) {
  const classes = listClasses(dataset).slice(0, MOST_CLASSES);
  const found = useAsync((signal) => Promise.all(classes.map(({ label }) => fetchBoth(dataset.id, label, signal))), [dataset.id]);
  const names = nameChannels(dataset.shape);
  const [channel, setChannel] = useState(0);
  if (found.error) return html`<${Refusal} error=${found.error} />`;
  if (!found.value) return html`<${Busy} what="Laying them over one another" />`;
  return html`<div class="stack">
    ${names.length > 1 && html`<div class="aug-settings"><${Select} label="Channel" value=${String(channel)} onChange=${(value) => setChannel(Number(value))} options=${names.map((name, place) => [String(place), name])} /></div>`}
    <div class="aug-overlays">${classes.map(({ label }, place) => html`<${SeriesChart} key=${String(label)} height=${170} title=${label === "" ? "Series" : `Class ${label}`} cursor=${false}
      lines=${listLines(found.value[place], channel, classColour(place))} />`)}</div>
    ${dataset.classes.length > MOST_CLASSES && html`<p class="note">and ${dataset.classes.length - MOST_CLASSES} classes more</p>`}
  </div>`;
}

function listLines({ real, made }, channel, colour) {
  return [
    ...real.map((series, turn) => ({ values: series[channel], label: turn ? "" : "real", colour: "var(--quiet)", width: 2.5, opacity: 0.35 })),
    ...made.map((series, turn) => ({ values: series[channel], label: turn ? "" : "made", colour, width: 1.25, opacity: 0.85 })),
  ];
}

/** Some real and some made series of a class: real ones come first in a dataset, made ones last. */
async function fetchBoth(id, label, signal) {
  const path = `datasets/${id}/series?limit=${EACH}&part=train&timepoints=${DRAWN}${label === "" ? "" : `&label=${encodeURIComponent(label)}`}`;
  const first = await get(path, { signal });
  const last = await get(`${path}&offset=${Math.max(0, first.total - EACH)}`, { signal });
  const choose = ({ series, synthetic, index }, wanted) => series.map((one, place) => ({ one, place: index[place] })).filter((_, place) => Boolean(synthetic?.[place]) === wanted);
  const both = (wanted) => {
    const known = new Map([...choose(first, wanted), ...choose(last, wanted)].map(({ one, place }) => [place, one]));
    return [...known.values()].slice(0, EACH);
  };
  return { real: both(false), made: both(true) };
}
