// Series made of a formula: every generator, with a preview that follows its parameters, to keep in the catalogue.

import { Busy, Empty, Heading, Panel, Refusal, Select, html, setParams, useAsync, useMemo } from "../ui.js";
import { about, get } from "../api.js";
import { Saving } from "./generate/saving.js";
import { OptionInput, isDefault, readValue, writeValue } from "./generate/option.js";
import { Preview } from "./generate/preview.js";

export default function Generate({ params }) {
  const possible = useAsync(about, []);
  const listed = useAsync((signal) => get("generators", { signal }), []);
  const why = possible.value?.why_no_catalogue;
  const head = html`<link rel="stylesheet" href="studio/views/datasets/style.css" /><${Heading} title="Generate" lead="Series of a known kind, to try things on before your own data is there: what a parameter does is seen at once." />`;
  if (why) return html`${head}<${Empty} title="Nothing can be kept here"><p>${why}</p><//>`;
  const generators = listed.value?.generators;
  if (!generators) return html`${head}<${Refusal} error=${listed.error} />${listed.busy && html`<${Busy} what="Reading the generators" />`}`;
  const chosen = generators.find((one) => one.name === params.generator) ?? generators.find((one) => one.name === "harmonic") ?? generators[0];
  return html`${head}<${Trial} key=${chosen.name} generators=${generators} generator=${chosen} params=${params} />`;
}

const PREFIX = "o.";
const LAST = ["n_classes", "n_cases", "n_timepoints", "n_channels", "keep_share", "seed"];

function Trial({ generators, generator, params }) {
  const { options } = generator;
  const values = useMemo(() => Object.fromEntries(options.map((option) => [option.name, readValue(option, params[PREFIX + option.name])])), [generator, params]);
  const changed = useMemo(() => Object.fromEntries(options.filter((option) => !isDefault(option, values[option.name])).map(({ name }) => [name, values[name]])), [values]);
  const set = (option, value) => {
    setParams((before) => ({ ...before, generator: generator.name, [PREFIX + option.name]: isDefault(option, value) ? "" : writeValue(value) }));
  };
  const choose = (name) => setParams({ generator: name, ...Object.fromEntries(Object.entries(params).filter(([key]) => LAST.includes(key.slice(PREFIX.length)))) });
  const [own, common] = [options.filter(({ name }) => !LAST.includes(name)), LAST.map((name) => options.find((option) => option.name === name)).filter(Boolean)];
  const show = (option) => html`<${OptionInput} key=${option.name} option=${option} value=${values[option.name]} onChange=${(value) => set(option, value)} />`;
  return html`<div class="ds-side ds-generate">
    <div class="stack">
      <${Panel} title="Generator"><${Select} label="Kind of series" value=${generator.name} options=${generators.map(({ name }) => [name, name.replaceAll("_", " ")])} onChange=${choose} hint=${generator.summary} /><//>
      ${own.length > 0 && html`<${Panel} title="Its parameters"><div class="stack">${own.map(show)}</div><//>`}
      <${Panel} title="How many"><div class="stack">${common.map(show)}</div><//>
    </div>
    <div class="stack">
      <${Preview} generator=${generator.name} options=${changed} />
      <${Saving} generator=${generator.name} options=${changed} />
    </div>
  </div>`;
}
