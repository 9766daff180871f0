// What a fit prints. New lines are followed until one scrolls up.

import { Button, Panel, formatNumber, html, useEffect, useRef } from "../../ui.js";
import { download } from "../../api.js";

const SHOWN = 500;

export function Log({ lines, id }) {
  const place = useRef();
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current && place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [lines.length]);
  const scroll = ({ target }) => (follows.current = target.scrollHeight - target.scrollTop - target.clientHeight < 24);
  return html`<${Panel} title="Log" actions=${html`<${Button} kind="quiet" onClick=${() => download(`fits/${id}/log`, `fit-${id.slice(0, 8)}.txt`)}>Download all of it<//>`}>
    ${lines.length ? html`<pre ref=${place} class="ds-log" tabindex="0" role="log" aria-label="Log of the fit" onScroll=${scroll}>${lines.slice(-SHOWN).join("\n")}</pre>
      ${lines.length > SHOWN && html`<p class="note">The last ${formatNumber(SHOWN)} lines.</p>`}` : html`<p class="note">Nothing was printed yet.</p>`}
  <//>`;
}
