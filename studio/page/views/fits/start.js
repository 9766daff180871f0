// Starts a fit: a dataset, what learns it, and as few questions as possible; everything else is folded away.

import { Busy, Button, Empty, Heading, Panel, Refusal, Select, TextInput, Toggle, go, html, link, setParams, useAsync, useMemo, useState } from "../../ui.js";
import { get, post } from "../../api.js";
import { ClassBar, openDataset } from "../datasets/parts.js";
import { describeName, describeShape, suggestName } from "../datasets/words.js";
import { OptionInput, isDefault, nameOption, writeValue } from "../generate/option.js";
import { FRONT, KINDS, MAKERS, PREFIX, WAYS, chooseFamilies, collectChanged, listOptions, readChoices } from "./choices.js";

export function Start({ params }) {
  const listed = useAsync((signal) => get("datasets?limit=200", { signal }), []);
  const described = useAsync((signal) => get("fits/options", { signal }), []);
  const head = html`<p><a href=${link("fits")}>All fits</a></p><${Heading} title="Fits: a new one" lead="What is not asked for has a measured default." />`;
  if (!listed.value) return html`${head}<${Refusal} error=${listed.error} />${listed.busy && html`<${Busy} what="Reading the datasets" />`}`;
  const { datasets } = listed.value;
  if (!datasets.length) return html`${head}<${Empty} title="There is no dataset to fit yet"><p><a href=${link("datasets")}>Upload one</a>, or <a href=${link("generate")}>generate one</a>.</p><//>`;
  return html`${head}<${Form} datasets=${datasets} described=${described.value ?? UNKNOWN} refused=${described.error} onAsk=${described.again} params=${params} />`;
}

const FEW = 8;

/** Until the server has said what families and options there are. */
const UNKNOWN = { kinds: {}, options: [] };

function Form({ datasets, described, refused, onAsk, params }) {
  const dataset = datasets.find(({ id }) => id === params.dataset) ?? (params.dataset ? null : datasets[0]);
  const set = useMemo(() => readChoices(params, described), [params, described]);
  const unlabelled = dataset && !dataset.classes.length;
  const labelled = !unlabelled || ![undefined, null].includes(set.clusters);
  const families = chooseFamilies(described, set, labelled);
  const sent = collectChanged(described, set, families);
  const waits = described === UNKNOWN;
  const hasChoices = Object.keys(params).some((key) => key.startsWith(PREFIX));
  const [work, setWork] = useState({ busy: false, error: null });
  const [typed, setTyped] = useState(params.name ?? null);
  const name = typed ?? suggestName(dataset?.name ?? "");
  const change = (changes) => setParams((before) => ({ ...before, new: 1, dataset: dataset?.id, ...changes }));
  const setOption = (flag, option) => (value) => change({ [PREFIX + flag]: isDefault(option, value) ? "" : writeValue(value) });
  const start = async (event) => {
    event.preventDefault();
    setWork({ busy: true, error: null });
    try {
      go("fits", { fit: (await post("fits", { dataset: dataset.id, name: name.trim(), options: sent })).id });
    } catch (error) {
      setWork({ busy: false, error });
    }
  };
  const all = listOptions(described, families);
  const shared = { set, setOption, described, change };
  return html`<form class="stack" onSubmit=${start} onKeyDown=${keepFromStarting}>
    <${Panel} title="What is learned">
      <div class="row" style="align-items:start">
        <${Select} label="Dataset" value=${dataset?.id ?? ""} options=${[...(dataset ? [] : [["", "not in the catalogue any more"]]), ...datasets.map((one) => [one.id, describeName(one)])]} onChange=${(id) => id && (setTyped(null), change({ dataset: id, name: "" }))} />
        <${TextInput} label="Name of the model" value=${name} onInput=${(text) => (setTyped(text), change({ name: text }))} required hint="Lower case; of a name that is served it becomes the next version." />
      </div>
      ${dataset && html`<p class="ds-small" style="margin-top:16px">${describeShape(dataset.shape)}</p><${ClassBar} classes=${dataset.classes} most=${10} />`}
      ${dataset?.shape.n_cases < FEW && html`<p class="note">That is few to learn from. Longer recordings are <a href=${openDataset(dataset.id)}>cut into windows</a> first.</p>`}
    <//>
    <${Panel} title="How it is learned">${waits ? html`<${Refusal} error=${refused}><${Button} onClick=${onAsk}>Ask again<//><//>${!refused && html`<${Busy} what="Asking what families and options there are; the first time takes a while" />`}` : html`<div class="stack">
      <${Ways} ...${shared} />
      <${Families} families=${families} labelled=${labelled} ...${shared} />
      <${Front} all=${all} labelled=${labelled} unlabelled=${unlabelled} ...${shared} />
    </div>`}<//>
    ${!waits && html`<${Rest} all=${all} labelled=${labelled} ...${shared} />`}
    <${Panel} title="Start">
      <p class="note">${waits && hasChoices ? "What was chosen is not known yet." : Object.keys(sent).length ? `Set otherwise than by default: ${Object.entries(sent).map(([flag, value]) => `${flag} ${writeValue(value)}`).join(", ")}.` : "Everything is at its default."}</p>
      <p class="row"><${Button} kind="main" type="submit" disabled=${work.busy || !dataset || !name.trim() || (waits && hasChoices)}>${work.busy ? "Asking…" : "Start the fit"}<//>
        ${Object.keys(set).length > 0 && html`<${Button} kind="quiet" onClick=${() => setParams({ new: 1, dataset: dataset?.id, name: params.name })}>Back to the defaults<//>`}</p>
      <${Refusal} error=${work.error} />
    <//>
  </form>`;
}

/** Enter in a field means that field: a fit is started by its button. */
function keepFromStarting(event) {
  if (event.key === "Enter" && event.target.tagName === "INPUT") event.preventDefault();
}

function Ways({ described, set }) {
  const known = new Set(["vae", "texture", "generator", "classifier"].flatMap((kind) => [kind, ...(described.kinds[kind] ?? []).flatMap(({ options }) => options.map(({ name }) => (name.includes(".") ? name : `${kind}.${name}`)))]).concat(described.options.map(({ name }) => name)));
  const settingsOf = ({ set: wanted }) => Object.entries(wanted).filter(([flag]) => known.has(flag));
  const touched = new Set(Object.values(WAYS).flatMap((way) => settingsOf(way).map(([flag]) => flag)));
  const isOn = (way) => [...touched].every((flag) => writeValue(set[flag] ?? "") === writeValue(Object.fromEntries(settingsOf(way))[flag] ?? ""));
  const choose = (way) => setParams((before) => ({ ...Object.fromEntries(Object.entries(before).filter(([name]) => !touched.has(name.slice(PREFIX.length)))), ...Object.fromEntries(settingsOf(way).map(([flag, value]) => [PREFIX + flag, writeValue(value)])) }));
  return html`<fieldset class="ways"><legend>How thoroughly</legend><div class="columns">${Object.entries(WAYS).map(([name, way]) => html`<label class="way" key=${name}>
    <input type="radio" name="way" checked=${isOn(way)} onChange=${() => choose(way)} /><span><b>${way.title}</b><span class="hint">${way.text}</span></span></label>`)}</div></fieldset>`;
}

function Families({ families, labelled, described, change }) {
  const { kinds } = described;
  const usual = (kind) => described.options.find(({ name }) => name === kind)?.default ?? null;
  const pick = (kind, extra = []) => html`<${Select} label=${KINDS[kind]} value=${families[kind] ?? ""} hint=${kinds[kind].find(({ name }) => name === families[kind])?.summary}
    options=${[...extra, ...kinds[kind].map(({ name }) => [name, `${name.replaceAll("_", " ")}${name === usual(kind) ? " (recommended)" : ""}`])]} onChange=${(name) => change({ [PREFIX + kind]: name === (usual(kind) ?? "") ? "" : name })} />`;
  const learner = families.generator ? "generator" : "vae";
  return html`<div class="row" style="align-items:start">
    <${Select} label="What makes series" value=${learner} options=${[["vae", "a VAE: encodes too"], ["generator", "a generator: samples"]]}
      onChange=${(value) => change({ [PREFIX + "generator"]: value === "generator" ? (kinds.generator.find(({ name }) => name === "gan") ?? kinds.generator[0]).name : "" })} />
    ${learner === "generator" ? pick("generator") : html`${pick("vae")}${pick("texture")}`}
    ${labelled && pick("classifier")}
  </div>`;
}

function Front({ all, labelled, unlabelled, set, setOption }) {
  const shown = all.filter(({ flag, group }) => (labelled && FRONT.includes(flag)) || (unlabelled && flag === "clusters") || (flag.endsWith(".steps") && MAKERS.includes(group)));
  return html`<div class="ds-options">${shown.map(({ flag, option, group }) => html`<${OptionInput} key=${flag} option=${option} label=${group ? `${KINDS[group]}: ${nameOption(option).toLowerCase()}` : nameOption(option)} value=${set[flag] ?? option.default} onChange=${setOption(flag, option)} />`)}</div>`;
}

function Rest({ all, set, setOption }) {
  const [text, setText] = useState("");
  const [changed, setChanged] = useState(false);
  const isShown = ({ flag, option }) => (!changed || (flag in set && !isDefault(option, set[flag]))) && (!text || `${flag.replaceAll("_", " ")} ${option.help}`.toLowerCase().includes(text.toLowerCase().trim()));
  const shown = all.filter(isShown);
  const groups = ["", ...Object.keys(KINDS)].map((group) => [group, shown.filter((one) => one.group === group)]).filter(([, own]) => own.length);
  return html`<${Panel} label="Every option"><details class="ds-fold"><summary>Every option, ${all.length} of them</summary>
    <div class="stack">
      <div class="row"><${TextInput} type="search" label="Find an option" value=${text} onInput=${setText} /><${Toggle} label="Only those that are changed" value=${changed} onChange=${setChanged} /></div>
      ${!groups.length && html`<p class="note">None ${changed ? "is changed" : "is called so"}.</p>`}
      ${groups.map(([group, own]) => html`<section key=${group} aria-label=${KINDS[group] ?? "Options of every fit"}><h3>${KINDS[group] ?? "Every fit"}</h3>
        <div class="ds-options">${own.map(({ flag, option }) => html`<${OptionInput} key=${flag} option=${option} value=${set[flag] ?? option.default} onChange=${setOption(flag, option)} />`)}</div></section>`)}
    </div></details><//>`;
}
