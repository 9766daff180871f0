// What is asked of /augment, as the address holds it.

export const POLICIES = {
  auto: ["the model's own way", "What cross-validation found best when the model was fitted or, where it compared nothing, what usually is."],
  latent: ["moved in the latent space", "Each series of yours is moved towards a code of its class's mixture, and keeps its fine structure."],
  interpolation: ["between two of yours", "Each series of yours is moved towards another one of its class."],
  warps: ["warped", "Your series, stretched and squeezed in time and size; nothing learned."],
  guided: ["guided warps", "Each series of yours is moved in time towards another one of its class."],
  "latent+warps": ["moved and warped", "Moved in the latent space, then warped in time."],
  "interpolation+warps": ["between two, and warped", "Moved towards another series of the class, then warped in time."],
};

export const STRATEGIES = {
  balance: ["as many of each class", "Every class is brought up to the largest."],
  factor: ["each class times a factor", "Every class grows alike."],
  counts: ["totals for each class", "You say how many series each class has in the end, yours included."],
};

const NUMBERS = ["lower", "upper"];

/** The body of `datasets/<id>/augment`; what is left out is the model's own choice. */
export function buildRequest(params, model, dataset) {
  const body = { model, strategy: buildStrategy(params, dataset) };
  if (params.policy && params.policy !== "auto") body.policy = params.policy;
  if (isNumber(params.seed)) body.seed = Number(params.seed);
  if (isNumber(params.expansion)) body.expansion = Number(params.expansion);
  for (const name of NUMBERS) if (isNumber(params[name])) body[name] = Number(params[name]);
  if (params.non_negative) body.non_negative = true;
  if (params.monotone) body.monotone = params.monotone;
  return body;
}

function buildStrategy(params, dataset) {
  if (params.strategy === "factor") return { factor: Number(params.factor) || 2 };
  if (params.strategy === "counts") return { counts: readCounts(params.counts, dataset) };
  return "balance";
}

/** How many series each class will have, by the text of its label. */
export function countWanted(params, dataset) {
  const strategy = buildStrategy(params, dataset);
  const most = Math.max(0, ...listClasses(dataset).map(({ count }) => count));
  const count = (own, label) => {
    if (strategy === "balance") return most;
    return strategy.factor ? Math.round(strategy.factor * own) : (strategy.counts[label] ?? own);
  };
  return Object.fromEntries(listClasses(dataset).map(({ label, count: own }) => [String(label), count(own, String(label))]));
}

/** How many series are to be made. */
export function countMade(params, dataset) {
  const wanted = countWanted(params, dataset);
  return listClasses(dataset).reduce((sum, { label, count }) => sum + Math.max(0, wanted[String(label)] - count), 0);
}

/** The classes of a dataset; one without a name where there are no labels. */
export function listClasses({ classes, shape, real }) {
  return classes.length ? classes : [{ label: "", count: real ?? shape.n_cases }];
}

/** Totals as the address holds them, "1:30,2:40", with a class's own count where it has none. */
export function readCounts(text, dataset) {
  const given = Object.fromEntries((text ?? "").split(",").filter(Boolean).map((part) => {
    const at = part.lastIndexOf(":");
    return [decodeURIComponent(part.slice(0, at)), Number(part.slice(at + 1))];
  }));
  return Object.fromEntries(listClasses(dataset).map(({ label, count }) => [String(label), given[String(label)] || count]));
}

export const writeCounts = (counts) => Object.entries(counts).map(([label, count]) => `${encodeURIComponent(label)}:${count}`).join(",");

const isNumber = (text) => text !== undefined && text !== "" && Number.isFinite(Number(text));
