// The options of a fit: which there are for the families chosen, and what was set of them.

import { isDefault, readValue } from "../generate/option.js";

export const PREFIX = "o.";
export const KINDS = { vae: "VAE", texture: "Texture", generator: "Generator", classifier: "Classifier" };
export const FRONT = ["policy", "advice"];
export const MAKERS = ["vae", "generator"];

/** Every option at hand as `{flag, option, group}`: those of all fits, and those of the families that are chosen. */
export function listOptions({ kinds, options }, families) {
  const general = options.filter(({ name }) => !kinds[name]).map((option) => ({ flag: option.name, option, group: "" }));
  const own = Object.entries(families).flatMap(([kind, name]) => {
    const family = kinds[kind]?.find((one) => one.name === name);
    return (family?.options ?? []).map((option) => {
      const flag = option.name.includes(".") ? option.name : `${kind}.${option.name}`;
      return { flag, option: { ...option, name: flag }, group: kind };
    });
  });
  return [...general, ...own];
}

/** The families that a fit of these settings has: a generator stands in place of VAE and texture, classes need a classifier. */
export function chooseFamilies({ options }, set, labelled) {
  const pick = (kind) => set[kind] ?? options.find(({ name }) => name === kind)?.default ?? null;
  const generator = pick("generator");
  const made = generator ? { generator } : { vae: pick("vae"), texture: pick("texture") };
  return labelled ? { ...made, classifier: pick("classifier") } : made;
}

/** What the URL sets, as values. */
export function readChoices(params, described) {
  const byFlag = new Map(described.options.map((option) => [option.name, option]));
  for (const [kind, families] of Object.entries(described.kinds)) {
    for (const option of families.flatMap((family) => family.options)) byFlag.set(option.name.includes(".") ? option.name : `${kind}.${option.name}`, option);
  }
  const set = {};
  for (const [name, text] of Object.entries(params)) {
    const option = name.startsWith(PREFIX) && byFlag.get(name.slice(PREFIX.length));
    if (option) set[name.slice(PREFIX.length)] = readValue(option, text);
  }
  return set;
}

/** What is sent: families that are not the default, and options that were changed and that the families have. */
export function collectChanged(described, set, families) {
  const sent = {};
  for (const [kind, name] of Object.entries(families)) {
    const option = described.options.find((one) => one.name === kind);
    if (option && name && !isDefault(option, name)) sent[kind] = name;
  }
  for (const { flag, option } of listOptions(described, families)) {
    if (flag in set && !isDefault(option, set[flag])) sent[flag] = set[flag];
  }
  return sent;
}

/** Ways to begin, each as settings; only what the server knows is set. */
export const WAYS = {
  recommended: { title: "As recommended", text: "Everything that is measured to be worth its time, and the augmentation chosen by cross-validation.", set: {} },
  quick: {
    title: "A quick look",
    text: "A fifth of the steps, one classifier that is no network, nothing added to its cases and no advice: soon there, and worse.",
    set: { "vae.steps": 100, "texture.steps": 80, "generator.steps": 400, classifier: "minirocket", companion: "none", policy: "none", advice: "none", folds: 2 },
  },
  thorough: { title: "Thorough", text: "More folds, and the mean of two classifiers: for a model that stays.", set: { folds: 5, average: true } },
};
