// One model on a sheet: series that it makes, its accuracy, what augmenting with it brings, quality and privacy.

import { post } from "../../api.js";
import { Button, Panel, formatInterval, formatPoints, formatShare, html, link, toast, useState } from "../../ui.js";
import { KINDS, MEASURES } from "./measures.js";
import { Samples } from "./samples.js";
import { Scale } from "./scale.js";
import { Versions } from "./versions.js";

export function Card({ card, manages, changed, open, onOpen, compared }) {
  const { name, metrics } = card;
  const offers = (operation) => card.operations.includes(operation);
  const actions = html`
    ${(offers("decode") || offers("sample")) && html`<a class="button" href=${link("explore", { model: name })}>Explore</a>`}
    ${offers("augment") && html`<a class="button" href=${link("augment", { model: name })}>Augment</a>`}
    ${(offers("classify") || offers("reconstruct")) && html`<a class="button" href=${link("classify", { model: name })}>Classify</a>`}`;
  return html`<${Panel} label=${`Model ${name}`} title=${html`${name} <span class="tag">version ${card.version}</span>`} actions=${actions}>
    <p class="note">${describe(card)}</p>
    <div class="model">
      <div><${Samples} card=${card} /></div>
      <div>
        ${card.labelled && html`<${Accuracy} card=${card} />`}
        <${Advice} advice=${card.advice} />
      </div>
      <div>
        <${Measured} title="Quality of synthetic series" group="Quality" metrics=${metrics} keys=${["tstr_ratio", "discriminative_score"]} />
        <${Measured} title="Privacy" group="Privacy" metrics=${metrics} keys=${["membership_attack", "nearest_neighbour_ratio"]} />
      </div>
    </div>
    <div class="row model-more">
      <${Button} kind="quiet" onClick=${onOpen} pressed=${open}>${open ? "Close the details" : `Details, ${card.versions.length === 1 ? "1 version" : `${card.versions.length} versions`}`}<//>
      ${manages && html`<${Unload} name=${name} changed=${changed} />`}
    </div>
    ${open && html`<${Versions} card=${card} manages=${manages} changed=${changed} compared=${compared} />`}
  <//>`;
}

function describe({ dataset, series, classes, labelled, texture }) {
  const n = classes.reduce((sum, one) => sum + one.training_count, 0);
  const channels = series.n_channels === 1 ? "one channel" : `${series.n_channels} channels`;
  const length = series.length_policy === "fixed" || !series.shortest ? `${series.n_timepoints} timepoints` : `${series.shortest} to ${series.longest} timepoints`;
  const about = labelled ? `${classes.length} classes` : "no labels";
  return `Learned ${dataset}: ${n} training cases of ${channels} and ${length}, ${about}${texture ? ", with texture" : ""}.`;
}

// ---- Accuracy

function Accuracy({ card: { metrics, classes } }) {
  if (metrics.accuracy === null || metrics.accuracy === undefined) {
    return html`<div class="block"><h3>Accuracy</h3><p class="note">Not measured: there were too few cases to hold any out.</p></div>`;
  }
  const counts = classes.map((one) => one.training_count);
  const free = [
    [Math.max(...counts) / counts.reduce((sum, count) => sum + count, 0), "naming the commonest class always"],
    [metrics.latent_neighbours?.measured, `a vote of the ${metrics.latent_neighbours?.k} nearest training codes`],
  ].filter(([share]) => share !== null && share !== undefined && !Number.isNaN(share));
  const interval = metrics.accuracy_interval;
  return html`<div class="block">
    <h3>Accuracy</h3>
    <p><span class="figure">${formatShare(metrics.accuracy, 1)}</span>${interval && html` <span class="note">${formatShare(interval.low)} to ${formatShare(interval.high)}</span>`}</p>
    <${Scale} low=${0} high=${1} value=${metrics.accuracy} span=${interval && [interval.low, interval.high]} marks=${free.map(([share]) => share)}
      text=${`Accuracy ${formatShare(metrics.accuracy, 1)}; for free: ${free.map(([share, what]) => `${formatShare(share)} by ${what}`).join(", ")}`} />
    ${free.map(([share, what]) => html`<p class="note"><i class="key-mark" aria-hidden="true"></i>${formatShare(share)} by ${what}, which is free</p>`)}
    <p class="note">Measured on ${metrics.n_measured} cases, ${metrics.measured_on === "given test set" ? "the given test set" : "held out of training"}.</p>
  </div>`;
}

// ---- Advice

function Advice({ advice }) {
  if (!advice) return null;
  const kinds = Object.entries(advice.judges ?? {});
  const title = html`<h3>Does augmenting help?</h3>`;
  if (!kinds.length) {
    return html`<div class="block">${title}
      ${advice.uplift && html`<p><span class="figure">${formatPoints(advice.uplift.mean)}</span> <span class="note">points of accuracy, ${formatPoints(advice.uplift.low)} to ${formatPoints(advice.uplift.high)}</span></p>
        <${Uplift} rows=${[advice.uplift]} of=${advice.uplift} />`}
      <p class="note">${advice.message}</p></div>`;
  }
  const rows = kinds.map(([, judged]) => judged);
  return html`<div class="block">${title}
    <dl class="kinds">${kinds.map(([kind, judged]) => html`<div>
      <dt>${KINDS[kind]?.[0] ?? kind} <span class=${`tag ${judged.verdict === "use it" ? "good" : ""}`}>${judged.verdict}</span></dt>
      <dd><${Uplift} rows=${rows} of=${judged} /><span class="note">${formatInterval(judged.mean, judged.low, judged.high)}${judged.free && `; ${formatPoints(judged.free_mean)} by ${judged.free}, free`}</span></dd></div>`)}</dl>
    <p class="note"><i class="key-mark" aria-hidden="true"></i>What is free and best. In points of ${(advice.metric ?? "accuracy").replaceAll("_", " ")}, 95\u202f% interval: one that reaches over 0 is no certain gain.</p>
  </div>`;
}

function Uplift({ rows, of }) {
  const reach = Math.max(2, ...rows.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  return html`<${Scale} low=${-reach} high=${reach} value=${of.mean} span=${[of.low, of.high]} zero=${0} marks=${of.free ? [of.free_mean] : []}
    text=${`${formatInterval(of.mean, of.low, of.high)} points`} />`;
}

// ---- Quality and privacy

function Measured({ title, metrics, keys }) {
  const measured = MEASURES.filter(({ key, read }) => keys.includes(key) && read(metrics) !== null);
  if (!measured.length) {
    return html`<div class="block"><h3>${title}</h3><p class="note">Not measured of this model.</p></div>`;
  }
  return html`<div class="block"><h3>${title}</h3>
    ${measured.map(({ label, means, format, scale, target, read }) => html`<div class="measure">
      <p class="measure-head"><span>${label}</span><b class="number">${format(read(metrics))}</b></p>
      <${Scale} low=${scale[0]} high=${scale[1]} value=${read(metrics)} zero=${target} text=${`${label}: ${format(read(metrics))}`} />
      <p class="note">${means}</p></div>`)}
  </div>`;
}

// ---- Loading and unloading

function Unload({ name, changed }) {
  const [busy, setBusy] = useState(false);
  const call = async (what) => {
    setBusy(true);
    try {
      await post(`v2/repository/models/${name}/${what}`);
      return true;
    } catch (error) {
      toast(error.message, { kind: "bad" });
      return false;
    } finally {
      setBusy(false);
      changed();
    }
  };
  const unload = async () => {
    if (await call("unload")) toast(`${name} is unloaded.`, { undo: () => call("load") });
  };
  return html`<${Button} kind="quiet" onClick=${unload} disabled=${busy} label=${`Unload ${name}`}>Unload<//>`;
}
