// What was read: shape, classes, notes, and some series of each class.

import { SeriesGrid, classColour } from "../../chart.js";
import { Panel, formatNumber, html } from "../../ui.js";

const MOST_CLASSES = 12;

export function Preview({ preview, stale }) {
  const { shape, classes, notes, series, labels } = preview;
  const shown = classes.length ? classes.slice(0, MOST_CLASSES) : [{ label: null, count: shape.n_cases }];
  return html`<${Panel} title="What was read"><div class=${stale ? "aug-stale" : ""}>
    <p>${describeShape(shape, classes)}</p>
    ${notes.length > 0 && html`<ul class="aug-notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
    <div class="aug-classes">${shown.map(({ label, count }, place) => {
      const own = series.filter((_, index) => label === null || String(labels?.[index]) === String(label));
      return html`<section key=${String(label)} aria-label=${label === null ? "series" : `class ${label}`}>
        <h3>${label === null ? "Series" : `Class ${label}`} <span class="aug-quiet">${formatNumber(count)}</span></h3>
        <${SeriesGrid} series=${own.slice(0, 8)} colours=${own.map(() => classColour(place))} />
      </section>`;
    })}</div>
    ${classes.length > MOST_CLASSES && html`<p class="note">and ${classes.length - MOST_CLASSES} classes more</p>`}
  </div><//>`;
}

export function describeShape(shape, classes) {
  const length = shape.shortest < shape.n_timepoints ? `${formatNumber(shape.shortest)} to ${formatNumber(shape.n_timepoints)}` : formatNumber(shape.n_timepoints);
  const parts = [
    `${formatNumber(shape.n_cases)} series${shape.n_test ? ` and ${formatNumber(shape.n_test)} more to test with` : ""}`,
    `of ${shape.n_channels} ${shape.n_channels === 1 ? "channel" : "channels"} and ${length} timepoints`,
    classes.length ? `in ${classes.length} ${classes.length === 1 ? "class" : "classes"}` : "without labels",
  ];
  return `${parts.join(" ")}${shape.n_missing ? `; ${formatNumber(shape.n_missing)} values are missing` : ""}.`;
}
