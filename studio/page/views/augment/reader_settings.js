// The reader's other settings; each is left to the reader until it is set.

import { NumberInput, Select, TextInput, Toggle, html } from "../../ui.js";
import { dropEmpty, listOf } from "./roles.js";

const PLACES = ["first", "last", "none"];

export function ReaderSettings({ settings, onChange, open }) {
  const set = (name) => (value) => onChange(dropEmpty({ ...settings, [name]: value }));
  const label = listOf(settings.label);
  return html`<details class="aug-more-settings" open=${open}><summary>How the file is read</summary>
    <div class="aug-settings">
      <${Select} label="Label, where there is no header" value=${label.length === 1 && PLACES.includes(label[0]) ? label[0] : ""} onChange=${(value) => set("label")(value ? [value] : [])}
        options=${[["", "found out"], ["first", "the first column"], ["last", "the last column"], ["none", "there is none"]]} />
      <${NumberInput} label="Window" min=${2} step=${1} value=${settings.window ?? null} onInput=${set("window")} placeholder="uncut" hint="Cuts long recordings into pieces of so many timepoints." />
      <${NumberInput} label="Stride" min=${1} step=${1} value=${settings.stride ?? null} onInput=${set("stride")} placeholder="the window" hint="Timepoints from one window's start to the next." disabled=${!settings.window} />
      <${TextInput} label="Stands for missing" value=${listOf(settings.missing).join(" ")} onInput=${(text) => set("missing")(text.trim() ? text.trim().split(/\s+/) : [])} placeholder="-200" hint="Beside an empty field, ?, NaN and null." />
      <${Select} label="Fields end with" value=${settings.delimiter ?? ""} onChange=${set("delimiter")} options=${[["", "found out"], [",", "comma"], [";", "semicolon"], ["tab", "tab"], ["space", "space"], ["|", "bar"]]} />
      <${Select} label="Decimal mark" value=${settings.decimal ?? ""} onChange=${set("decimal")} options=${[["", "found out"], [".", "point"], [",", "comma"]]} />
      <${TextInput} label="Array of the series" value=${settings.key ?? ""} onInput=${set("key")} placeholder="X" hint="Of npz, HDF5 or MATLAB files that hold several." />
      <${TextInput} label="Order of an array's axes" value=${settings.layout ?? ""} onInput=${set("layout")} placeholder="n_cases,n_channels,n_timepoints" />
      <${TextInput} label="Format" value=${settings.format ?? ""} onInput=${set("format")} placeholder="by suffix and content" />
      <${Toggle} label="Leave out series without a label" value=${settings.drop_unlabelled} onChange=${set("drop_unlabelled")} hint="Else they are refused." />
    </div>
  </details>`;
}
