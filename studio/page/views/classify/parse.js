// Reads pasted text into series; what cannot be read is refused with its line.

const MISSING = new Set(["", "?", "nan", "na", "null", "none"]);
const LABELS = /^"?(label|class|target|y)"?$/i;

/** `{series [n][n_channels][n_timepoints] (null: missing), labels or null, notes}` for a model of such a shape. */
export function parseSeries(text, { n_channels: channels, n_timepoints: length }) {
  const trimmed = text.trim();
  if (!trimmed) throw new Error("There is nothing to read; paste numbers first.");
  return /^[[{]/.test(trimmed) ? parseJson(trimmed, channels) : parseLines(text, channels, length);
}

function parseJson(text, channels) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This looks like JSON, and cannot be read as JSON: ${error.message}.`);
  }
  const series = Array.isArray(value) ? value : value.series;
  if (!Array.isArray(series) || !series.length) throw new Error("The JSON holds no series: send numbers, lists of numbers, or an object with a list 'series'.");
  const depth = measureDepth(series);
  if (depth > 3) throw new Error("The lists of the JSON are nested deeper than [series][channel][timepoint].");
  const nested = depth === 1 ? [[series]] : depth === 3 ? series : channels === 1 ? series.map((one) => [one]) : [series];
  const wrong = nested.flat(2).find((one) => one !== null && typeof one !== "number");
  if (wrong !== undefined) throw new Error(`The JSON holds ${JSON.stringify(wrong).slice(0, 40)} where a number or null belongs.`);
  const labels = value.labels ?? null;
  if (labels && labels.length !== nested.length) throw new Error(`The JSON holds ${labels.length} labels for ${nested.length} series; send one for each.`);
  return { series: nested, labels, notes: [] };
}

const measureDepth = (value) => (Array.isArray(value) ? 1 + measureDepth(value[0]) : 0);

function parseLines(text, channels, length) {
  const lines = text.split(/\r?\n/).map((line, index) => ({ number: index + 1, line })).filter(({ line }) => line.trim());
  const split = chooseSplit(lines[0].line);
  const rows = lines.map(({ number, line }) => ({ number, cells: split(line.trim()) }));
  const notes = [];
  let labelAt = 0;
  if (isHeader(rows)) {
    const names = rows.shift().cells;
    labelAt = Math.max(0, names.findIndex((name) => LABELS.test(name)));
    notes.push("The first line names columns, and was left out.");
  }
  if (!rows.length) throw new Error("Only a line of names came; paste the numbers below it too.");
  if (rows.every(({ cells }) => cells.length === 1) && channels === 1 && length > 1) {
    return { series: [[rows.map(({ cells: [cell], number }) => readNumber(cell, number))]], labels: null, notes };
  }
  const labelled = hasLabels(rows, labelAt, length);
  if (labelled && rows.every(({ cells }) => isNumber(cells[labelAt]))) notes.push(`Each line has ${length + 1} values; the first was taken for its label.`);
  const read = rows.map(({ cells, number }) => ({
    label: labelled ? cells[labelAt].replace(/^"|"$|:$/g, "") : null,
    values: cells.filter((_, at) => !labelled || at !== labelAt).map((cell) => readNumber(cell, number)),
  }));
  if (read.length % channels) throw new Error(`${read.length} ${read.length === 1 ? "line" : "lines"} came, and the model's series have ${channels} channels: paste ${channels} lines for each series.`);
  const series = Array.from({ length: read.length / channels }, (_, index) => read.slice(channels * index, channels * (index + 1)).map(({ values }) => values));
  const labels = labelled && channels === 1 ? read.map(({ label }) => label) : null;
  return { series, labels, notes };
}

/** A label stands in the column where a text is, or where each line has a value too many. */
function hasLabels(rows, at, length) {
  if (rows.some(({ cells }) => !isNumber(cells[at]))) return true;
  return rows.every(({ cells }) => cells.length === length + 1);
}

function chooseSplit(line) {
  const comma = (cell) => cell.replace(",", ".");
  if (line.includes("\t")) return (text) => text.split("\t").map((cell) => comma(cell.trim()));
  if (line.includes(";")) return (text) => text.split(";").map((cell) => comma(cell.trim()));
  if (line.includes(",")) return (text) => text.split(",").map((cell) => cell.trim());
  return (text) => text.split(/\s+/);
}

function isHeader(rows) {
  const [first, second] = rows;
  const texts = ({ cells }) => cells.filter((cell) => !isNumber(cell)).length;
  return second !== undefined && texts(first) > 1 && texts(first) > texts(second);
}

const isNumber = (cell) => MISSING.has(cell.toLowerCase()) || (cell !== "" && Number.isFinite(Number(cell)));

function readNumber(cell, line) {
  if (MISSING.has(cell.toLowerCase())) return null;
  const value = Number(cell);
  if (!Number.isFinite(value)) throw new Error(`Line ${line} holds ${JSON.stringify(cell.slice(0, 40))} where a number belongs.`);
  return value;
}
