// Keeps what a generator makes in the catalogue, and leads on from there.

import { Button, Panel, Refusal, TextInput, html, link, useState } from "../../ui.js";
import { post } from "../../api.js";
import { describeName, describeShape, suggestName } from "../datasets/words.js";

export function Saving({ generator, options }) {
  const [name, setName] = useState(suggestName(generator));
  const [work, setWork] = useState({ busy: false, error: null, made: null });
  const save = async (event) => {
    event.preventDefault();
    setWork({ busy: true, error: null, made: null });
    try {
      setWork({ busy: false, error: null, made: await post("datasets", { generator, options, name: name.trim() }) });
    } catch (error) {
      setWork({ busy: false, error, made: null });
    }
  };
  return html`<${Panel} title="Keep it">
    <form class="row" onSubmit=${save}>
      <${TextInput} label="Name in the catalogue" value=${name} onInput=${setName} required />
      <${Button} kind="main" type="submit" disabled=${work.busy || !name.trim()}>${work.busy ? "Making…" : "Save to the catalogue"}<//>
    </form>
    <${Refusal} error=${work.error} />
    ${work.made && html`<div role="status" class="stack"><p style="margin-top:16px"><a href=${link("datasets", { dataset: work.made.id })}>${describeName(work.made)}</a> is kept: ${describeShape(work.made.shape)}.</p>
      <p class="row"><a class="button" href=${link("fits", { dataset: work.made.id })}>Fit a model to it</a><a class="button" href=${link("augment", { dataset: work.made.id })}>Augment it</a></p></div>`}
  <//>`;
}
