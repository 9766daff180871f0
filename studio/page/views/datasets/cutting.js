// Cuts a dataset's series into windows, which are a dataset of their own.

import { Button, NumberInput, Panel, Refusal, TextInput, formatNumber, go, html, toast, useState } from "../../ui.js";
import { post } from "../../api.js";
import { suggestName } from "./words.js";

export function Cutting({ dataset }) {
  const length = dataset.shape.n_timepoints;
  const [window, setWindow] = useState(Math.max(1, Math.min(128, Math.floor(length / 4))));
  const [stride, setStride] = useState(null);
  const [name, setName] = useState(`${suggestName(dataset.name)}-windows`);
  const [work, setWork] = useState({ busy: false, error: null });
  const step = stride ?? window;
  const each = window && step && window <= length ? Math.floor((length - window) / step) + 1 : 0;
  const cut = async (event) => {
    event.preventDefault();
    setWork({ busy: true, error: null });
    try {
      const made = await post(`datasets/${dataset.id}/windows`, { window, stride: step, name: name.trim() });
      toast(`${formatNumber(made.shape.n_cases)} windows are in the catalogue.`, { kind: "good" });
      go("datasets", { dataset: made.id });
    } catch (error) {
      setWork({ busy: false, error });
    }
  };
  return html`<${Panel} title="Cut into windows">
    <form class="stack" onSubmit=${cut}>
      <div class="row">
        <${NumberInput} label="Window" value=${window} min=${1} max=${length} step=${1} onInput=${setWindow} />
        <${NumberInput} label="Stride" value=${stride} min=${1} step=${1} placeholder=${window ?? ""} onInput=${setStride} />
      </div>
      <${TextInput} label="Name" value=${name} onInput=${setName} required />
      <p class="note">${each ? `In timepoints. The longest series gives ${formatNumber(each)} ${each === 1 ? "window" : "windows"}; ${dataset.shape.n_cases > 1 ? "those of one series are a group, which no split parts" : "those of one stretch of it are a group, which no split parts"}.` : `A window is at most ${formatNumber(length)} timepoints long here.`}</p>
      <${Button} type="submit" disabled=${!each || !name.trim() || work.busy}>${work.busy ? "Cutting…" : "Cut"}<//>
      <${Refusal} error=${work.error} />
    </form>
  <//>`;
}
