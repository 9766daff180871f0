// A way from one end to the other, played or moved along by hand.

import { Button, Slider, html, useEffect, useRef, useState } from "../../ui.js";

const SECONDS = 2.4; // that playing takes from end to end

/** Calls `onShow(share)` for each place from 0 to 1, and `onStop(share)` where it is left. */
export function Scrub({ label, steps, ready, position, onShow, onStop }) {
  const [playing, setPlaying] = useState(false);
  const stop = (share) => (setPlaying(false), onStop(share));
  const play = () => (position >= 1 && onShow(0), setPlaying(true));
  usePlaying(playing, position, (share) => (onShow(share), share >= 1 && stop(1)));
  return html`<div class="row ex-scrub">
    <${Button} kind="main" disabled=${!ready} onClick=${() => (playing ? stop(position) : play())}>${playing ? "Pause" : "Play"}<//>
    <${Slider} label=${label} min=${0} max=${1} step=${1 / (steps - 1)} value=${position} disabled=${!ready}
      format=${(share) => `${Math.round(100 * share)}\u202f%`} onInput=${(share) => (onShow(share), stop(share))} />
  </div>`;
}

/** While `playing`, call `show(share)` each frame, from where it stands to the end. */
function usePlaying(playing, position, show) {
  const latest = useRef();
  latest.current = { position, show };
  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    let last = performance.now();
    const step = (time) => {
      const share = Math.min(1, latest.current.position + Math.max(0, time - last) / (1000 * SECONDS));
      last = time;
      latest.current.show(share);
      if (share < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing]);
}
