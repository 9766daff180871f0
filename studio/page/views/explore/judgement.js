// What the model says of the series that is looked at, once the pointer rests.

import { post } from "../../api.js";
import { Meter, formatShare, html, useAsync, useSettled } from "../../ui.js";

const REST = 220;
const MOST_CLASSES = 8;

export function Judgement({ card, series, kinds }) {
  const settled = useSettled(series, REST);
  const judged = useAsync((signal) => (settled ? judge(card, settled, signal) : null), [settled]);
  const answer = judged.value;
  if (!answer) return null;
  const shares = (answer.probabilities?.[0] ?? []).map((share, place) => ({ share, place })).sort((one, other) => other.share - one.share);
  return html`<div class=${settled === series && !judged.busy ? "ex-judgement" : "ex-judgement stale"}>
    ${shares.length > 1 && html`<dl class="ex-shares" aria-label="Which class the model takes it for">
      ${shares.slice(0, MOST_CLASSES).map(({ share, place }) => html`<div key=${place}><dt>${kinds.names[place] ?? answer.classes[place]}</dt>
        <dd><${Meter} value=${share} label=${String(answer.classes[place])} colour=${kinds.colours[place]} /><span>${formatShare(share)}</span></dd></div>`)}
    </dl>`}
    ${answer.typicality && html`<p class="note">${describeTypicality(answer.typicality[0])}</p>`}
  </div>`;
}

async function judge(card, series, signal) {
  const operation = ["classify", "encode"].find((name) => card.operations.includes(name));
  const dense = card.expansion !== null; // a mixture says how densely cases lie
  if (!operation || (operation === "encode" && !dense)) return null;
  return post(operation, { model: card.name, series: [series], with: dense ? ["typicality"] : [] }, { signal });
}

function describeTypicality(typicality) {
  const share = formatShare(typicality);
  if (typicality < 0.02) return `Typicality ${share}: next to no training case is like this series, and the model guesses.`;
  return `Typicality ${share}: so many of the held-out training cases are less typical than this series.`;
}
