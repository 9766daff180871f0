// What the network made of some series after each look: codes on a plane and reconstructions, back and forth in time.

import { Button, Field, Panel, Select, formatNumber, html, setParams, useEffect, useMemo, useState } from "../../ui.js";
import { Spark, classColour } from "../../chart.js";
import { Scatter } from "../../scatter.js";

const FRAME = 120;

export function Looks({ record, running, params }) {
  const names = [...record.looks.keys()];
  const name = record.looks.has(params.looked) ? params.looked : names.at(-1);
  const looks = record.looks.get(name);
  const last = looks.length - 1;
  const at = params.look === undefined ? last : Math.max(0, Math.min(last, Number(params.look) || 0));
  const [playing, setPlaying] = useState(false);
  const show = (next) => setParams((before) => ({ ...before, look: next >= last ? "" : next }));
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => (at >= last ? setPlaying(false) : show(at + 1)), FRAME);
    return () => clearTimeout(timer);
  }, [playing, at, last]);
  const play = () => {
    if (!playing && at >= last) show(0);
    setPlaying(!playing);
  };
  const look = looks[at];
  return html`<${Panel} title="What it has learned">
    <div class="stack">
      <div class="row">
        ${names.length > 1 && html`<${Select} label="Of the stage" value=${name} options=${names.map((one) => [one, one])} onChange=${(next) => setParams((before) => ({ ...before, looked: next, look: "" }))} />`}
        <div class="fit-scrub" style="flex:4 1 260px"><${Button} onClick=${play} disabled=${last < 1} label=${playing ? "Pause" : "Play"}>${playing ? "Pause" : "Play"}<//>
          <${Field} label=${html`After step ${formatNumber(look.step)} of ${formatNumber(look.steps)}${params.look === undefined && running ? ", the newest" : ""}`}><input type="range" min="0" max=${last} value=${at} aria-valuetext=${`step ${look.step}`} onInput=${(event) => (setPlaying(false), show(event.target.valueAsNumber))} /><//></div>
      </div>
      <p class="fit-numbers ds-small">${Object.entries(look.numbers ?? {}).map(([what, value]) => html`<span>${what} <b>${formatNumber(value)}</b></span>`)}</p>
      <div class="columns">
        ${look.points && html`<${Codes} looks=${looks} look=${look} />`}
        <${Drawn} look=${look} />
      </div>
    </div>
  <//>`;
}

function Codes({ looks, look }) {
  const room = useMemo(() => [frameAll(looks)], [looks.length, looks[0]]);
  const hollow = useMemo(() => look.learned?.map((learned) => !learned), [look]);
  const labels = look.labels ?? [];
  return html`<div><h3>Codes on their main plane</h3>
    <${Scatter} points=${look.points} groups=${look.class_index} hollow=${hollow} ellipses=${room} height=${340} label="Latent codes" />
    <ul class="ds-classes">${labels.slice(0, 10).map((label, index) => html`<li><i class="swatch" style=${`background:${classColour(index)}`}></i>${String(label)}</li>`)}
      ${hollow?.some(Boolean) && html`<li class="ds-quiet">outlines: not learned from</li>`}</ul></div>`;
}

/** An ellipse that nobody sees, around the codes of all looks: the plane stays still while time passes. */
function frameAll(looks) {
  const all = looks.flatMap(({ points }) => points ?? []);
  const [xs, ys] = [0, 1].map((axis) => all.reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]));
  const reach = ([low, high]) => ((high - low) / 4) ** 2;
  return { centre: [(xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2], covariance: [[reach(xs), 0], [0, reach(ys)]], opacity: 0 };
}

function Drawn({ look }) {
  const { series, reconstructions, class_index, drawn, labels, points } = look;
  if (!reconstructions) return null;
  const bounds = useMemo(() => findBounds(series), [series]);
  const classOf = (place) => class_index?.[drawn?.[place]] ?? 0;
  return html`<div><h3>${points ? "Series, and what is decoded of their codes" : "Series, and samples of their classes"}</h3>
    <div class="grid-of-series"><ul>${reconstructions.map((made, place) => html`<li key=${place}><div>
      <div class="fit-pair"><${Spark} series=${series[place]} bounds=${bounds} colour="var(--quiet)" /><${Spark} series=${made} bounds=${bounds} colour=${classColour(classOf(place))} /></div>
      <span class="cell-label">${labels?.length > 1 ? `class ${labels[classOf(place)]}` : ""}</span></div></li>`)}</ul></div>
    <p class="note">Grey is the series, coloured what the network makes.</p></div>`;
}

function findBounds(series) {
  const values = series.flat(2).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.15 * (high - low || 1);
  return [low - room, high + room];
}
