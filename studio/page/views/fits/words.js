// How fits are described in words.

import { formatDuration, formatNumber, formatShare, html } from "../../ui.js";

export const STATES = { queued: "queued", running: "running", done: "done", withheld: "withheld by the gate", failed: "failed", cancelled: "cancelled" };
const TONES = { done: "good", failed: "bad", running: "running", withheld: "withheld" };

export const isOpen = (fit) => fit.state === "queued" || fit.state === "running";

export const StateTag = ({ state }) => html`<span class=${`tag ${TONES[state] ?? ""}`}>${STATES[state] ?? state}</span>`;

/** How far a fit is, in words; empty where it does not run. */
export function describeProgress({ state, progress }) {
  if (state !== "running" || !progress) return "";
  const { stage, step, steps, share } = progress;
  const counted = step < steps ? `${stage}, step ${formatNumber(step)} of ${formatNumber(steps)}` : `${stage} is learned; what comes next, such as measuring, has no steps to count`;
  return [stage && steps ? counted : stage, share != null && formatShare(share)].filter(Boolean).join(" · ");
}

/** Seconds that it took, or has taken until now. */
export function measureDuration({ started, ended }) {
  return started ? ((ended ? new Date(ended) : new Date()) - new Date(started)) / 1000 : null;
}

export function describeOptions(options) {
  return Object.entries(options ?? {}).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : value}`).join(", ") || "as recommended";
}
