// A chart for each channel of some series, over one another.

import { SeriesChart } from "../../chart.js";
import { Select, html, useMemo, useState } from "../../ui.js";

const MOST_SHOWN = 6;

/** `lines`: `[{series [n_channels][n_timepoints], label, colour, dash?, width?, opacity?}]`; `names`: of the channels. */
export function Channels({ lines, names, ranges, height = 280, onDraw }) {
  const [chosen, setChosen] = useState("");
  const channels = useMemo(() => {
    if (chosen !== "") return [Number(chosen)];
    return names.slice(0, MOST_SHOWN).map((_, channel) => channel);
  }, [chosen, names]);
  const each = channels.length === 1 ? height : Math.max(96, Math.round((1.35 * height) / channels.length));
  return html`<div class="ex-channels">
    ${names.length > 1 && html`<${Select} label="Channels" value=${chosen} onChange=${setChosen}
      options=${[["", names.length > MOST_SHOWN ? `the first ${MOST_SHOWN}` : "all"], ...names.map((name, channel) => [String(channel), name])]} />`}
    <div class=${channels.length > 3 ? "ex-channel-charts two" : "ex-channel-charts"}>
    ${channels.map((channel, place) => html`<${SeriesChart} key=${channel} height=${each} range=${ranges?.[channel]}
      title=${names[channel] || null}
      lines=${lines.map(({ series, ...style }) => ({ ...style, values: series[channel] }))}
      onDraw=${place === channels.length - 1 ? onDraw : undefined} />`)}
    </div>
  </div>`;
}
