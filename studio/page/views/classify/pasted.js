// Numbers that are pasted or typed.

import { Button, Refusal, TextInput, html, setParams, useEffect, useState } from "../../ui.js";
import { parseSeries } from "./parse.js";

const MOST_IN_URL = 2000; // characters; longer texts are not shared with the URL

export function FromText({ card, params, bring }) {
  const [text, setText] = useState(params.text ?? "");
  const [error, setError] = useState(null);
  const read = (event) => {
    event?.preventDefault();
    try {
      setError(null);
      bring({ ...parseSeries(text, card.series), name: "pasted" });
      setParams((before) => ({ ...before, text: text.length <= MOST_IN_URL ? text : "", row: "" }));
    } catch (failure) {
      bring(null);
      setError(failure);
    }
  };
  useEffect(() => {
    if (text.trim()) read();
  }, []);
  const channels = card.series.n_channels;
  return html`<form class="stack" onSubmit=${read}>
    <${TextInput} label="Numbers, from a table or JSON" lines=${6} value=${text} onInput=${setText}
      placeholder=${channels === 1 ? "0.1, 0.4, 0.9, …\n0.2, 0.3, 0.8, …" : "channel 1: 0.1, 0.4, …\nchannel 2: 7.0, 7.2, …"}
      hint=${channels === 1 ? "One series a line, or one value a line. A label may stand first." : `One channel a line, ${channels} lines a series. A label may stand first.`} />
    <${Refusal} error=${error} />
    <${Button} kind="main" type="submit" disabled=${!text.trim()}>Judge them<//>
  </form>`;
}
