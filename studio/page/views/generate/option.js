// An option of a generator, a family or a fit as a control: what fits its kind, bounds and default.

import { NumberInput, Select, TextInput, Toggle, html } from "../../ui.js";

const isNumeric = ({ kind }) => kind === "integer" || kind === "number";

/** A value as text, equal for equal values; "" for none. */
export const writeValue = (value) => (value === null || value === undefined ? "" : Array.isArray(value) ? value.join(" ") : String(value));

/** Read an option's value from a URL's text; its default where there is none. */
export function readValue(option, text) {
  if (text === undefined || text === null) return option.default;
  if (option.kind === "boolean") return text === "true";
  if (option.several) return text.split(/[\s,]+/).filter(Boolean).map((one) => readPlain(option, one));
  return readPlain(option, text);
}

function readPlain(option, text) {
  if (text === "") return option.default;
  const number = Number(text);
  return isNumeric(option) && text.trim() !== "" && Number.isFinite(number) ? number : text;
}

/** Whether two options' values are the same. */
export const isDefault = (option, value) => writeValue(value) === writeValue(option.default);

/** A control for an option. `onChange(value)`. */
export function OptionInput({ option, value, onChange, label = nameOption(option) }) {
  return html`<div class=${isDefault(option, value) ? "" : "ds-set"}><${pickControl(option)} label=${label} hint=${option.help} option=${option} value=${value} onChange=${onChange} /></div>`;
}

export function nameOption({ name }) {
  const text = name.split(".").pop().replace(/^n_/, "number of ").replaceAll(/[_-]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function pickControl(option) {
  if (option.kind === "boolean") return Switch;
  if (option.kind === "choice") return Choice;
  const plain = isNumeric(option) && !option.several && !option.words?.length && typeof option.default === "number";
  return plain ? Amount : Text;
}

const Switch = ({ option, ...props }) => html`<${Toggle} ...${props} />`;

function Choice({ option, value, onChange, ...props }) {
  const choices = option.default === null ? [null, ...(option.choices ?? [])] : (option.choices ?? []);
  const change = (text) => onChange(choices.find((one) => writeValue(one) === text) ?? null);
  return html`<${Select} ...${props} value=${writeValue(value)} options=${choices.map((one) => [writeValue(one), one === null ? "not set" : String(one).replaceAll("_", " ")])} onChange=${change} />`;
}

/** A slider with a field to type in beside it, which also takes what lies beyond the slider's end. */
function Amount({ option, value, onChange, label, hint }) {
  const { low, high, step } = findScale(option);
  const limits = { min: option.minimum, max: option.maximum };
  const input = (event) => Number.isFinite(event.target.valueAsNumber) && onChange(event.target.valueAsNumber);
  if (high === null) return html`<${NumberInput} label=${label} hint=${hint} value=${value} ...${limits} step=${option.kind === "integer" ? 1 : "any"} onInput=${(next) => next !== null && onChange(next)} />`;
  return html`<div class="field amount">
    <label><span class="label">${label}</span><input type="number" inputmode="decimal" value=${value} ...${limits} step=${option.kind === "integer" ? 1 : "any"} onInput=${input} /></label>
    <input type="range" aria-label=${`${label}, slider`} min=${Math.min(low, value)} max=${Math.max(high, value)} step=${step} value=${value} onInput=${input} />
    ${hint && html`<span class="hint">${hint}</span>`}
  </div>`;
}

/** Numbers that may be a word, lists, and text; empty is the default. */
function Text({ option, value, onChange, ...props }) {
  const words = option.words?.length ? `a number, or ${option.words.join(", ")}` : writeValue(option.default) || "not set";
  return html`<${TextInput} ...${props} value=${writeValue(value)} placeholder=${words} onInput=${(text) => onChange(readValue(option, text))} />`;
}

/** A slider's ends and steps: the bounds, and where one is open a few times the default. Seeds, and what reaches over many powers of ten, are typed. */
export function findScale({ name, kind, default: usual, minimum, above, maximum, below }) {
  const typed = { low: 0, high: null, step: 1 };
  const whole = kind === "integer";
  const [least, most] = [minimum ?? above, maximum ?? below];
  const size = Math.abs(usual) || 1;
  if (/(^|[._-])seed$/.test(name) || (!whole && size < 0.02) || size >= 1e5) return typed;
  const step = whole ? 1 : 10 ** Math.floor(Math.log10(size / 10));
  const low = least ?? (usual < 0 ? -4 * size : 0);
  const reach = usual > 0 || least === undefined || least === null ? Math.max(4 * size, whole ? 10 : 1) : low + (whole ? 10 : 2);
  const high = most !== undefined && most !== null && most <= 20 * size ? most : Math.max(reach, low + (whole ? 10 : step));
  const open = (end, bound, exclusive, sign) => (exclusive !== undefined && exclusive !== null && end === bound ? end + sign * step : end);
  return { low: open(low, above, above, 1), high: open(high, below, below, -1), step };
}
