// What the columns of a table are, as settings of the reader.

export const ROLES = [
  ["label", "label", "the class"],
  ["group", "group", "patient or machine"],
  ["id", "id", "which series a row is of"],
  ["time", "time", "the order of rows"],
  ["value", "values", "a channel"],
  ["ignore", "left out", "not read"],
];
const LISTS = ["label", "group", "id", "value", "ignore"];

/** A setting as a list of texts: readers take one word for a list of one. */
export function listOf(setting) {
  if (setting === undefined || setting === null || setting === "") return [];
  return Array.isArray(setting) ? setting.map(String) : [String(setting)];
}

/** The settings in which a column has a role, and no other; with the role "" it has none, and the reader decides. */
export function assignRole(settings, name, role) {
  const next = { ...settings };
  for (const list of LISTS) {
    const rest = listOf(settings[list]).filter((column) => column !== name);
    next[list] = list === role ? [...rest, name] : rest;
  }
  if (settings.time === name) next.time = null;
  if (role === "time") next.time = name;
  return dropEmpty(next);
}

/** The role that the settings give a column; "" where they leave it to the reader. */
export function findRole(settings, name) {
  if (settings.time === name) return "time";
  return LISTS.find((list) => listOf(settings[list]).includes(name)) ?? "";
}

/** Settings without what says nothing. */
export function dropEmpty(settings) {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => !(value === null || value === undefined || value === "" || value === false || (Array.isArray(value) && !value.length))));
}
