// Small parts that several views show of a dataset: its classes, its tags and its name.

import { Button, TextInput, formatNumber, html, link, useState } from "../../ui.js";
import { classColour } from "../../chart.js";
import { weighClasses } from "./words.js";

/** A bar of the classes' shares, and each class with its count. */
export function ClassBar({ classes, most = 6 }) {
  if (!classes.length) return html`<p class="note">no labels</p>`;
  const { shares, ratio } = weighClasses(classes);
  return html`<div>
    <div class="ds-bar" aria-hidden="true">${shares.map((one, index) => html`<i style=${`flex:${Math.max(one.share, 0.004)};background:${classColour(index)}`}></i>`)}</div>
    <ul class="ds-classes" aria-label="classes">
      ${shares.slice(0, most).map((one, index) => html`<li><i class="swatch" style=${`background:${classColour(index)}`}></i>${String(one.label)} <span class="ds-quiet">${formatNumber(one.count)}</span></li>`)}
      ${shares.length > most && html`<li class="ds-quiet">${shares.length - most} more</li>`}
      ${ratio >= 1.5 && html`<li class="ds-quiet">${formatNumber(ratio, 2)} : 1</li>`}
    </ul>
  </div>`;
}

/** Tags that are taken off and added in place. `onChange(tags)`. */
export function TagEditor({ tags, onChange, disabled }) {
  const [text, setText] = useState("");
  const add = (event) => {
    event.preventDefault();
    const added = text.split(",").map((tag) => tag.trim()).filter((tag, index, all) => tag && !tags.includes(tag) && all.indexOf(tag) === index);
    if (added.length) onChange([...tags, ...added]);
    setText("");
  };
  return html`<form class="ds-tags" onSubmit=${add}>
    ${tags.map((tag) => html`<span class="tag" key=${tag}>${tag}<button type="button" aria-label=${`remove tag ${tag}`} disabled=${disabled} onClick=${() => onChange(tags.filter((one) => one !== tag))}>×</button></span>`)}
    <input type="text" aria-label="New tag" placeholder="add a tag" value=${text} disabled=${disabled} maxlength="50" onInput=${(event) => setText(event.target.value)} />
    ${text.trim() && html`<${Button} kind="quiet" type="submit">Add<//>`}
  </form>`;
}

/** A name that is changed in place. `onSave(name)`, `onStop()`. */
export function NameEditor({ name, onSave, onStop }) {
  const [text, setText] = useState(name);
  const save = (event) => {
    event.preventDefault();
    if (text.trim()) onSave(text.trim());
  };
  return html`<form class="row" onSubmit=${save}>
    <${TextInput} label="New name" value=${text} onInput=${setText} required hint="Of a name that is taken it becomes the next version." />
    <${Button} kind="main" type="submit" disabled=${!text.trim()}>Rename<//><${Button} kind="quiet" onClick=${onStop}>Cancel<//>
  </form>`;
}

export const openDataset = (id) => link("datasets", { dataset: id });
