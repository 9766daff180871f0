// One fit as it happens: losses, the latent after every look, reconstructions, log; and what can be done with it.

import { Busy, Button, Heading, Meter, Panel, Refusal, formatDuration, formatShare, formatTime, html, link, toast, useAsync, useEffect, useState } from "../../ui.js";
import { get, post } from "../../api.js";
import { Losses } from "./losses.js";
import { Looks } from "./looks.js";
import { Log } from "./log.js";
import { useRecord } from "./record.js";
import { Result } from "./result.js";
import { StateTag, describeOptions, describeProgress, isOpen, measureDuration } from "./words.js";

export function Live({ id, params }) {
  const [turn, setTurn] = useState(0);
  const [asked, setAsked] = useState("");
  const record = useRecord(id, turn);
  const first = useAsync((signal) => get(`fits/${id}`, { signal }), [id, turn]);
  const fit = record.fit ?? first.value;
  const back = html`<p><a href=${link("fits")}>All fits</a></p>`;
  if (!fit) return html`${back}<${Heading} title="Fits" /><${Refusal} error=${first.error} />${first.busy && html`<${Busy} what="Opening the fit" />`}`;
  const act = async (verb) => {
    setAsked(verb);
    try {
      record.fit = await post(`fits/${id}/${verb}`);
      setAsked(verb === "cancel" ? verb : "");
      if (verb === "resume" || verb === "publish") setTurn((before) => before + 1); // the events had ended
    } catch (error) {
      setAsked("");
      toast(error.message, { kind: "bad" });
    }
  };
  return html`${back}<${Head} fit=${fit} act=${act} asked=${asked} lost=${record.lost} />
    <div class="stack ds-gap">
      <${Refusal} error=${record.error} />
      <${Result} fit=${fit} act=${act} />
      ${record.stages.size > 0 ? html`<${Losses} record=${record} running=${fit.state === "running"} params=${params} />` : isOpen(fit) && html`<${Panel}><${Busy} what=${fit.state === "queued" ? "Waiting for its turn; another fit runs" : "The data is read and the first networks are built"} /><//>`}
      ${record.looks.size > 0 && html`<${Looks} record=${record} running=${fit.state === "running"} params=${params} />`}
      <${Log} lines=${record.lines} id=${id} />
    </div>`;
}

const VERBS = {
  cancel: { text: "Cancel", kind: "danger", when: isOpen },
  resume: { text: "Resume", kind: "main", when: ({ state }) => state === "cancelled" || state === "failed" },
};

function Head({ fit, act, asked, lost }) {
  const dataset = useAsync((signal) => get(`datasets/${fit.dataset}`, { signal }).catch(() => null), [fit.dataset]);
  const again = { new: 1, dataset: fit.dataset, name: fit.name, ...Object.fromEntries(Object.entries(fit.options ?? {}).map(([flag, value]) => [`o.${flag}`, Array.isArray(value) ? value.join(" ") : value])) };
  return html`<${Heading} title=${`Fit of ${fit.name}`}>
      ${Object.entries(VERBS).filter(([, { when }]) => when(fit)).map(([verb, { text, kind }]) => html`<${Button} kind=${kind} disabled=${asked === verb} onClick=${() => act(verb)}>${asked === verb ? `${text}: asked for` : text}<//>`)}
      ${!isOpen(fit) && html`<a class="button" href=${link("fits", again)}>Start one like it</a>`}
    <//>
    <${Panel} label="How it stands"><div class="stack">
      <p class="ds-tags"><${StateTag} state=${fit.state} />
        <span>${dataset.value ? html`of <a href=${link("datasets", { dataset: fit.dataset })}>${dataset.value.name}</a> version ${dataset.value.version}` : "of a dataset that is not there any more"}</span>
        <span class="ds-quiet">· asked for ${formatTime(fit.created)}${fit.owner ? ` by ${fit.owner}` : ""}${fit.attempts > 1 ? ` · started ${fit.attempts} times` : ""}</span></p>
      ${fit.state === "running" && html`<${Progress} fit=${fit} />`}
      ${!isOpen(fit) && fit.started && html`<p class="ds-quiet ds-small">took ${formatDuration(measureDuration(fit))}</p>`}
      <p class="ds-quiet ds-small">${describeOptions(fit.options)}</p>
      ${lost && html`<p class="note" role="status">The connection was lost; it is made again by itself.</p>`}
    </div><//>`;
}

function Progress({ fit }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const { share = 0, seconds_left } = fit.progress ?? {};
  return html`<div class="fit-bar"><span>${describeProgress(fit) || "starting"}</span>
    <span class="ds-quiet">${formatDuration(measureDuration(fit))} so far${seconds_left == null ? "" : `, about ${formatDuration(seconds_left)} left`}</span>
    <${Meter} value=${share ?? 0} label="Progress of the fit" text=${formatShare(share ?? 0)} /></div>`;
}
