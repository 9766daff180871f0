// A slider for each latent axis; those along which codes differ most come first.

import { Button, Slider, html, useMemo } from "../../ui.js";
import { measureDeviations, orderAxes } from "./plane.js";

const FIRST = 6;
const REACH = 3;

export function AxisSliders({ map, focus, settle, remember }) {
  const deviations = useMemo(() => measureDeviations(map), [map]);
  const order = useMemo(() => orderAxes(deviations), [deviations]);
  const turn = (axis, position) => {
    const code = [...focus.code];
    code[axis] = map.mean[axis] + position * deviations[axis];
    const wish = { code, began: performance.now() };
    settle(wish);
    remember(wish);
  };
  const back = () => {
    settle({ code: map.mean });
    remember({ code: map.mean });
  };
  const slider = (axis) => {
    const position = (focus.code[axis] - map.mean[axis]) / deviations[axis];
    return html`<${Slider} key=${axis} label=${`Axis ${axis}`} min=${-REACH} max=${REACH} step=${0.05} value=${Math.max(-REACH, Math.min(REACH, position))}
      format=${() => `${position >= 0 ? "+" : "−"}${Math.abs(position).toFixed(1)} σ`} onInput=${(value) => turn(axis, value)} />`;
  };
  return html`<div class="ex-axes">
    <p class="note">In standard deviations of the points on the plane, from their middle. An axis need not lie in the plane: the series changes, and the cross may stay where it is.</p>
    <div class="ex-sliders">${order.slice(0, FIRST).map(slider)}</div>
    ${order.length > FIRST && html`<details><summary>${order.length - FIRST} more, along which codes differ less</summary><div class="ex-sliders">${order.slice(FIRST).map(slider)}</div></details>`}
    <${Button} onClick=${back}>Back to centre<//>
  </div>`;
}
