// A value on a line: a dot, the interval around it, a tick at what it is measured against, hollow marks of others.

import { html } from "../../ui.js";

/** All values are in the units of `low` and `high`; those outside lie at the ends. `text` is what it says in words. */
export function Scale({ low, high, value, span, marks = [], zero, text }) {
  const place = (at) => `${(100 * (Math.max(low, Math.min(high, at)) - low)) / (high - low)}%`;
  return html`<div class="scale" role="img" aria-label=${text}>
    ${zero !== undefined && html`<i class="zero" style=${`left:${place(zero)}`}></i>`}
    ${span && html`<i class="span" style=${`left:${place(span[0])};right:calc(100% - ${place(span[1])})`}></i>`}
    ${marks.map((at) => html`<i class="mark" style=${`left:${place(at)}`}></i>`)}
    <i class="dot" style=${`left:${place(value)}`}></i>
  </div>`;
}
