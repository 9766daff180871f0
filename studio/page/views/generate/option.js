// An option of a generator, a family or a fit as a control: what fits its kind, bounds and default.

import { NumberInput, Select, Slider, TextInput, Toggle, formatNumber, html } from "../../ui.js";

const NONE = "";

/** Read an option's value from a URL's text; its default where there is none or it is no value of the option. */
export function readValue(option, text) {
  if (text === undefined || text === null) return option.default;
  if (option.kind === "boolean") return text === "true";
  if (option.kind === "integer" || option.kind === "number") {
    const value = Number(text);
    return text === "" || !Number.isFinite(value) ? (text === "" ? option.default : text) : value;
  }
  return text;
}

export const writeValue = (value) => (value === null || value === undefined ? NONE : Array.isArray(value) ? value.join(" ") : String(value));

const nameOption = ({ name }) => name.split(".").pop().replace(/^n_/, "number of ").replaceAll(/[_-]/g, " ");

/** A control for an option. `onChange(value)`; null stands for nothing, where the option allows that. */
export function OptionInput({ option, value, onChange, label }) {
  const shared = { label: label ?? capitalise(nameOption(option)), hint: option.help };
  const changed = writeValue(value) !== writeValue(option.default);
  return html`<div class=${changed ? "ds-set" : ""}><${pickControl(option, value)} ...${shared} option=${option} value=${value} onChange=${onChange} /></div>`;
}

const capitalise = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function pickControl(option, value) {
  if (option.kind === "boolean") return Switch;
  if (option.kind === "choice") return Choice;
  if (option.kind === "integer" || option.kind === "number") return typeof value === "number" && typeof option.default === "number" ? Amount : Maybe;
  return Text;
}

const Switch = ({ option, ...props }) => html`<${Toggle} ...${props} />`;

function Choice({ option, value, onChange, ...props }) {
  const choices = option.choices ?? [];
  const find = (text) => choices.find((one) => writeValue(one) === text);
  return html`<${Select} ...${props} value=${writeValue(value)} options=${choices.map((one) => [writeValue(one), one === null ? "none" : String(one)])} onChange=${(text) => onChange(find(text) ?? (text === NONE ? null : text))} />`;
}

function Amount({ option, value, onChange, ...props }) {
  const { low, high, step } = findScale(option);
  const input = (next) => next !== null && Number.isFinite(next) && onChange(next);
  if (high === null) return html`<${NumberInput} ...${props} value=${value} min=${option.minimum} max=${option.maximum} step=${step} onInput=${input} />`;
  return html`<${Slider} ...${props} min=${low} max=${high} step=${step} value=${value} onInput=${input} format=${formatNumber} />`;
}

const Maybe = ({ option, value, onChange, ...props }) => html`<${NumberInput} ...${props} value=${typeof value === "number" ? value : null} placeholder=${value === null || value === undefined ? "none" : String(value)} min=${option.minimum} max=${option.maximum} step=${option.kind === "integer" ? 1 : "any"} onInput=${(next) => onChange(next ?? option.default)} />`;

const Text = ({ option, value, onChange, ...props }) => html`<${TextInput} ...${props} value=${writeValue(value)} placeholder="none" onInput=${onChange} />`;

/** A slider's ends: the bounds, and where one is open a few times the default; seeds are typed. */
export function findScale({ name, kind, default: usual, minimum, maximum }) {
  const whole = kind === "integer";
  if (/(^|[._-])seed$/.test(name)) return { low: 0, high: null, step: 1 };
  const size = Math.abs(usual) || 1;
  const low = minimum ?? (usual < 0 ? -4 * size : whole ? 0 : Math.min(0, usual));
  const reach = usual === 0 && minimum === null ? 2 : 4 * size;
  const high = maximum !== null && maximum !== undefined && maximum <= 1000 * size ? maximum : Math.max(reach, low + (whole ? 10 : 1));
  const step = whole ? 1 : 10 ** Math.floor(Math.log10((high - low) / 100));
  return { low: whole ? Math.ceil(low) : low, high, step };
}
