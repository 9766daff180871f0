// Components, hooks and formats that every view uses. `html` and preact's hooks come from here too.

import { html, h, render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact.js";

export * from "./vendor/preact.js";

// ---- Route: the hash holds the view and its state, so that every state is a URL to share

// Browsers refuse more than 100 to 200 changes of the URL in half a minute: a few are written at once, so that no reload
// loses them, and those of a drag wait.
const WRITE_WAIT = 300;
const FREE_WRITES = 6;
const FREE_WITHIN = 3000;
let route = readRoute();
let writing = 0;
let written = []; // when, of the latest
const watchers = new Set();

window.addEventListener("hashchange", () => {
  clearTimeout(writing);
  writing = 0;
  route = readRoute();
  watchers.forEach((watch) => watch(route));
});

function readRoute() {
  const [view, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: view || "models", params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The view shown and what its URL holds: `{view, params}`, texts. */
export function useRoute() {
  const [shown, setShown] = useState(route);
  useEffect(() => {
    setShown(route);
    watchers.add(setShown);
    return () => watchers.delete(setShown);
  }, []);
  return shown;
}

/** Replace the URL's query by `params` (an object, or a function of the present one); empty values are left out. */
export function setParams(params) {
  const given = typeof params === "function" ? params(route.params) : params;
  route = { view: route.view, params: keepFilled(given) };
  watchers.forEach((watch) => watch(route));
  written = written.filter((time) => performance.now() - time < FREE_WITHIN);
  if (written.length < FREE_WRITES) writeRoute();
  else writing ||= setTimeout(writeRoute, WRITE_WAIT);
}

function writeRoute() {
  clearTimeout(writing);
  writing = 0;
  written.push(performance.now());
  history.replaceState(null, "", link(route.view, route.params));
}

/** The href of a view in a state. */
export function link(view, params = {}) {
  const query = new URLSearchParams(keepFilled(params)).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

/** Go to a view, as a click on its link would. */
export function go(view, params = {}) {
  if (writing) writeRoute();
  location.hash = link(view, params);
}

function keepFilled(params) {
  const filled = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return Object.fromEntries(filled.map(([name, value]) => [name, String(value)]));
}

// ---- Work

/**
 * Run `fn(signal)` when `deps` change: `{value, error, busy, again}`; the value before stays until the next is there.
 * `busy` holds from the very render that brings new deps, before the effect: no button is enabled in between.
 */
export function useAsync(fn, deps = []) {
  const [turn, setTurn] = useState(0);
  const asked = [...deps, turn];
  const [state, setState] = useState({ value: null, error: null, answered: null });
  useEffect(() => {
    const stopping = new AbortController();
    Promise.resolve()
      .then(() => fn(stopping.signal))
      .then(
        (value) => stopping.signal.aborted || setState({ value, error: null, answered: asked }),
        (error) => stopping.signal.aborted || setState((before) => ({ ...before, error, answered: asked })),
      );
    return () => stopping.abort();
  }, asked);
  const { value, error, answered } = state;
  const busy = answered === null || asked.some((one, index) => !Object.is(one, answered[index]));
  return { value, error, busy, again: useCallback(() => setTurn((before) => before + 1), []) };
}

/** Follow a value that changes fast, at most every `milliseconds`. */
export function useSettled(value, milliseconds = 200) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

// ---- Formats

/** A number for people: three digits that count, thin spaces between thousands, a real minus. */
export function formatNumber(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en").replaceAll(",", "\u202f").replace("-", "−");
  const size = Math.abs(value);
  const text =
    size >= 1e6 || (size > 0 && size < 1e-4) ? value.toExponential(2) : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

/** A mean with the interval around it, with signs. */
export function formatInterval(mean, low, high, unit = "") {
  return `${formatPoints(mean)}${unit} (${formatPoints(low)} to ${formatPoints(high)})`;
}

/** One decimal with its sign; zero has none. */
export function formatPoints(value) {
  const rounded = Math.round(10 * value) / 10;
  return `${rounded > 0 ? "+" : ""}${Math.abs(rounded) === 0 ? "0.0" : rounded.toFixed(1).replace("-", "−")}`;
}

export function formatShare(share, digits = 0) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)}\u202f%`;
}

/** An ISO time, in the reader's own zone; today without its date. */
export function formatTime(iso) {
  if (!iso) return "–";
  const time = new Date(iso);
  const today = time.toDateString() === new Date().toDateString();
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? clock : `${time.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" })}, ${clock}`;
}

export function formatDuration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function formatBytes(count) {
  if (count === null || count === undefined) return "–";
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), 4);
  return step === 0 ? `${count} bytes` : `${(count / 1000 ** step).toPrecision(3)} ${units[step]}`;
}

// ---- What a view is made of

/** A view's head: its h1, one sentence and, at the right, what can be done. */
export function Heading({ title, lead, children }) {
  return html`<header class="heading">
    <div><h1 tabindex="-1">${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`;
}

export function Panel({ title, actions, children, wide, label }) {
  return html`<section class=${wide ? "panel wide" : "panel"} aria-label=${label ?? (typeof title === "string" ? title : null)}>
    ${(title || actions) && html`<header><h2>${title}</h2>${actions && html`<div class="actions">${actions}</div>`}</header>`}
    ${children}
  </section>`;
}

export function Busy({ what = "Loading" }) {
  return html`<p class="busy" role="status"><span class="pulse" aria-hidden="true"></span>${what}…</p>`;
}

/** An error in its own words; nothing where there is none, or where the call was only stopped. */
export function Refusal({ error, children }) {
  if (!error || error.name === "AbortError") return null;
  return html`<div class="refusal" role="alert"><p>${String(error.message ?? error)}</p>${children}</div>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty"><p class="empty-title">${title}</p>${children}</div>`;
}

/** A word with an explanation below it, read by screen readers as its description. */
export function Note({ children }) {
  return html`<p class="note">${children}</p>`;
}

let fields = 0;
function useId(prefix) {
  return useMemo(() => `${prefix}-${(fields += 1)}`, []);
}

/** Label and hint around any control that `children` holds. */
export function Field({ label, hint, children }) {
  return html`<label class="field"><span class="label">${label}</span>${children}${hint && html`<span class="hint">${hint}</span>`}</label>`;
}

/** The label above a control and the hint below it, which screen readers read as its name and its description. */
function Labelled({ id, label, hint, error, output, kind = "", children }) {
  return html`<div class=${`field ${kind}`}>
    <div class="label"><label for=${id}>${label}</label>${output !== undefined && html`<output for=${id}>${output}</output>`}</div>
    ${children}
    ${error && html`<span class="hint wrong" id=${`${id}-wrong`}>${error}</span>`}
    ${hint && html`<span class="hint" id=${`${id}-hint`}>${hint}</span>`}
  </div>`;
}

/** The attributes of a control in `Labelled`. */
function tie(id, hint, error) {
  const described = [error && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return { id, "aria-describedby": described || null, "aria-invalid": error ? "true" : null };
}

export function Slider({ label, min = 0, max = 1, step = 0.01, value, onInput, format = formatNumber, hint, disabled }) {
  const id = useId("slider");
  return html`<${Labelled} id=${id} label=${label} hint=${hint} output=${format(Number(value))} kind="slider">
    <input type="range" ...${tie(id, hint)} min=${min} max=${max} step=${step} value=${value} disabled=${disabled}
      aria-valuetext=${format(Number(value))} onInput=${(event) => onInput(event.target.valueAsNumber)} />
  <//>`;
}

export function Select({ label, options, value, onChange, hint, disabled }) {
  const id = useId("select");
  return html`<${Labelled} id=${id} label=${label} hint=${hint}>
    <select ...${tie(id, hint)} disabled=${disabled} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(([option, text]) => html`<option value=${option} selected=${String(option) === String(value ?? "")}>${text}</option>`)}
    </select>
  <//>`;
}

export function TextInput({ label, value, onInput, hint, placeholder, type = "text", lines, disabled, required, error }) {
  const id = useId("text");
  const props = {
    ...tie(id, hint, error), value: value ?? "", placeholder, disabled, required, spellcheck: false, autocomplete: "off",
    onInput: (event) => onInput(event.target.value),
  };
  return html`<${Labelled} id=${id} label=${label} hint=${hint} error=${error}>
    ${lines ? html`<textarea rows=${lines} ...${props}></textarea>` : html`<input type=${type} ...${props} />`}
  <//>`;
}

/** `onInput` is called with a number, or with null where the field is empty. */
export function NumberInput({ label, value, onInput, min, max, step = "any", hint, placeholder, disabled, error }) {
  const id = useId("number");
  return html`<${Labelled} id=${id} label=${label} hint=${hint} error=${error}>
    <input type="number" inputmode="decimal" ...${tie(id, hint, error)} value=${value ?? ""} min=${min} max=${max} step=${step} disabled=${disabled} placeholder=${placeholder}
      onInput=${(event) => onInput(event.target.value === "" ? null : event.target.valueAsNumber)} />
  <//>`;
}

export function Toggle({ label, value, onChange, hint, disabled }) {
  const id = useId("toggle");
  return html`<div class="toggle"><input type="checkbox" ...${tie(id, hint)} checked=${Boolean(value)} disabled=${disabled}
      onChange=${(event) => onChange(event.target.checked)} /><label class="label" for=${id}>${label}</label>
    ${hint && html`<span class="hint" id=${`${id}-hint`}>${hint}</span>`}</div>`;
}

/** `kind`: "main" for the one that a view is about, "quiet", "danger"; none for others. */
export function Button({ kind = "", onClick, disabled, children, label, type = "button", pressed }) {
  return html`<button type=${type} class=${`button ${kind}`} disabled=${disabled} onClick=${onClick} aria-label=${label}
    aria-pressed=${pressed === undefined ? null : String(pressed)}>${children}</button>`;
}

/** `tabs`: [[value, text]]. The panel below is the caller's, as `children`. */
export function Tabs({ tabs, value, onChange, label, children }) {
  const id = useId("tabs");
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(([tab]) => tab === value);
    const next = tabs[(at + step + tabs.length) % tabs.length][0];
    event.preventDefault();
    onChange(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return html`<div class="tabs">
    <div role="tablist" aria-label=${label} onKeyDown=${move}>
      ${tabs.map(([tab, text]) => html`<button type="button" role="tab" id=${`${id}-${tab}`} aria-selected=${String(tab === value)}
        aria-controls=${`${id}-panel`} tabindex=${tab === value ? 0 : -1} onClick=${() => onChange(tab)}>${text}</button>`)}
    </div>
    <div role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${value}`}>${children}</div>
  </div>`;
}

/** A share from 0 to 1 as a bar. */
export function Meter({ value, label, colour, text }) {
  const share = Math.max(0, Math.min(1, value ?? 0));
  return html`<div class="meter" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="1" aria-valuenow=${share.toFixed(3)} aria-valuetext=${text ?? formatShare(share)}>
    <span style=${`width:${100 * share}%;${colour ? `background:${colour}` : ""}`}></span></div>`;
}

// ---- Tables

/**
 * Rows that can be sorted by any column. `columns`: `{key, label, value?(row), render?(row), align?, sortable?, hint?}`;
 * `sort`: `{key, descending}`; `onPick(row)` makes rows choosable with mouse and keys; `selected(row)` says which is.
 */
export function Table({ columns, rows, sort, onSort, onPick, selected, caption, limit = 200, rowKey = (row, index) => row.id ?? index }) {
  const [own, setOwn] = useState(sort ?? null);
  const [shown, setShown] = useState(limit);
  const order = onSort ? sort : own;
  const column = columns.find(({ key }) => key === order?.key);
  const sorted = useMemo(() => (column ? sortRows(rows, column, order.descending) : rows), [rows, order?.key, order?.descending]);
  const choose = (key) => {
    const next = { key, descending: order?.key === key ? !order.descending : false };
    onSort ? onSort(next) : setOwn(next);
  };
  return html`<div class="table" tabindex="0" role="region" aria-label=${caption ?? "table"}>
    <table>
      ${caption && html`<caption class="hidden">${caption}</caption>`}
      <thead><tr>${columns.map((one) => html`<th scope="col" class=${one.align ?? ""} title=${one.hint}
        aria-sort=${order?.key === one.key ? (order.descending ? "descending" : "ascending") : null}>
        ${one.sortable === false ? one.label : html`<button type="button" onClick=${() => choose(one.key)}>${one.label}<span class="arrow" aria-hidden="true">${order?.key === one.key ? (order.descending ? "↓" : "↑") : ""}</span></button>`}</th>`)}</tr></thead>
      <tbody>${sorted.slice(0, shown).map((row, index) => html`<tr key=${rowKey(row, index)} class=${onPick ? "pickable" : ""}
        tabindex=${onPick ? 0 : null} aria-current=${selected?.(row) ? "true" : null}
        onClick=${onPick && ((event) => event.target.closest("a, button, input") || onPick(row))}
        onKeyDown=${onPick && ((event) => pickByKey(event, row, onPick))}>
        ${columns.map((one) => html`<td class=${one.align ?? ""}>${one.render ? one.render(row) : showCell(readCell(row, one))}</td>`)}</tr>`)}</tbody>
    </table>
    ${rows.length > shown && html`<p class="more"><${Button} kind="quiet" onClick=${() => setShown(shown + 5 * limit)}>Show more of ${formatNumber(rows.length)}<//></p>`}
  </div>`;
}

const readCell = (row, column) => (column.value ? column.value(row) : row[column.key]);
const showCell = (value) => (typeof value === "number" ? formatNumber(value) : (value ?? "–"));

function sortRows(rows, column, descending) {
  const compare = (one, other) => {
    const [a, b] = [readCell(one, column), readCell(other, column)];
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    const step = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return descending ? -step : step;
  };
  return [...rows].sort(compare);
}

function pickByKey(event, row, onPick) {
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    onPick(row);
  }
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (next && event.currentTarget[next]) {
    event.preventDefault();
    event.currentTarget[next].focus();
  }
}

// ---- Files

/**
 * Takes files by drop, by choosing and by keyboard. A folder becomes one .zip File of its name, so `onFiles` gets
 * plain files. `accept`: as of an input, e.g. ".csv,.tsv".
 */
export function DropZone({ onFiles, label, accept, children, folders = true, busy }) {
  const [over, setOver] = useState(false);
  const [packing, setPacking] = useState("");
  const [error, setError] = useState(null);
  const files = useRef();
  const folder = useRef();
  const take = async (collect, from) => {
    setOver(false);
    setError(null);
    try {
      const found = await collect(from, setPacking);
      if (found.length) onFiles(found);
    } catch (failure) {
      setError(failure);
    }
    setPacking("");
  };
  const choose = (collect) => (event) => take(collect, [...event.target.files]).then(() => (event.target.value = ""));
  return html`<div class=${`drop ${over ? "over" : ""}`} onDragOver=${(event) => (event.preventDefault(), setOver(true))}
      onDragLeave=${() => setOver(false)} onDrop=${(event) => (event.preventDefault(), take(collectDropped, event.dataTransfer))}>
    <p class="drop-title">${label}</p>
    <p class="drop-buttons">
      <${Button} onClick=${() => files.current.click()} disabled=${busy}>Choose files<//>
      ${folders && html`<${Button} kind="quiet" onClick=${() => folder.current.click()} disabled=${busy}>Choose a folder<//>`}
    </p>
    <input ref=${files} type="file" multiple accept=${accept} class="hidden" tabindex="-1" aria-label=${`${label}: files`} onChange=${choose((list) => list)} />
    ${folders && html`<input ref=${folder} type="file" webkitdirectory class="hidden" tabindex="-1" aria-label=${`${label}: a folder`} onChange=${choose(packChosenFolder)} />`}
    ${packing && html`<${Busy} what=${packing} />`}
    <${Refusal} error=${error} />
    ${children}
  </div>`;
}

async function collectDropped(transfer, tell) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) {
    if (entry.isFile) found.push(await readEntry(entry));
    else found.push(await zipFiles(await walk(entry), `${entry.name}.zip`, tell));
  }
  return found;
}

async function packChosenFolder(list, tell) {
  if (!list.length) return [];
  const named = list.map((file) => [file.webkitRelativePath.split("/").slice(1).join("/"), file]);
  return [await zipFiles(named, `${list[0].webkitRelativePath.split("/")[0]}.zip`, tell)];
}

const readEntry = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function walk(folder, path = "") {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most 100 a time
    if (!entries.length) return found;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await walk(entry, `${path}${entry.name}/`)));
      else found.push([path + entry.name, await readEntry(entry)]);
    }
  }
}

/** Pack `[[path, File]]` into one File. Names that begin with a dot are left out. */
export async function zipFiles(named, filename, tell = () => {}) {
  const kept = named.filter(([path]) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
  if (!kept.length) throw new Error(`The folder ${filename.replace(/\.zip$/, "")} holds no files.`);
  const { Zip, ZipDeflate } = await loadZip();
  const parts = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(chunk);
  });
  for (const [index, [path, file]] of kept.entries()) {
    if (index % 20 === 0) tell(`Packing ${index + 1} of ${kept.length} files`);
    const entry = new ZipDeflate(path, { level: 1 });
    zip.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
  }
  zip.end();
  return new File(parts, filename, { type: "application/zip" });
}

function loadZip() {
  if (window.fflate) return Promise.resolve(window.fflate);
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: "studio/vendor/fflate.js" });
    script.onload = () => resolve(window.fflate);
    script.onerror = () => reject(new Error("What packs folders could not be loaded; choose the files, or a .zip."));
    document.head.append(script);
  });
}

// ---- Dialogs, notices, code

/** A modal dialog while `open`; Escape and the button close it. */
export function Dialog({ open, title, onClose, children, actions }) {
  const element = useRef();
  const id = useId("dialog");
  useLayoutEffect(() => {
    const dialog = element.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return html`<dialog ref=${element} aria-labelledby=${id} onCancel=${(event) => (event.preventDefault(), onClose())}>
    <h2 id=${id}>${title}</h2>
    ${open && children}
    <div class="actions">${open && actions}<${Button} kind="quiet" onClick=${onClose}>Close<//></div>
  </dialog>`;
}

const notices = { list: [], set: () => {} };
let noticed = 0;

/** Say something for a while; `undo` is a function that takes it back. `kind`: "", "good" or "bad". */
export function toast(message, { undo, kind = "" } = {}) {
  const id = (noticed += 1);
  notices.list = [...notices.list.slice(-3), { id, message, undo, kind }];
  notices.set(notices.list);
  setTimeout(() => dismiss(id), undo ? 15_000 : 6_000);
}

function dismiss(id) {
  notices.list = notices.list.filter((notice) => notice.id !== id);
  notices.set(notices.list);
}

/** Where toasts appear; app.js shows it once. */
export function Notices() {
  const [list, setList] = useState([]);
  notices.set = setList;
  const takeBack = async ({ id, undo }) => {
    dismiss(id);
    try {
      await undo();
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  };
  return html`<div class="notices" role="status" aria-live="polite">${list.map((notice) => html`<div key=${notice.id} class=${`notice ${notice.kind}`}>
    <span>${notice.message}</span>
    ${notice.undo && html`<${Button} kind="quiet" onClick=${() => takeBack(notice)}>Undo<//>`}
    <button type="button" class="dismiss" aria-label="Dismiss" onClick=${() => dismiss(notice.id)}>×</button></div>`)}</div>`;
}

/** Text to copy. `code`: a text, or an object of texts by name, e.g. `{curl, Python}`, shown as tabs. */
export function Copyable({ title, code }) {
  const texts = typeof code === "string" ? { "": code } : code;
  const names = Object.keys(texts);
  const [name, setName] = useState(names[0]);
  const shown = texts[name] ?? texts[names[0]];
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(shown);
      toast("Copied.");
    } catch {
      toast("The browser does not let pages copy here; select the text and copy it.", { kind: "bad" });
    }
  };
  const block = html`<pre tabindex="0" aria-label=${`${title}${name ? `, ${name}` : ""}`}><code>${shown}</code></pre>`;
  return html`<div class="copyable">
    <div class="copyable-head"><h3>${title}</h3><${Button} kind="quiet" onClick=${copy}>Copy<//></div>
    ${names.length > 1 ? html`<${Tabs} label=${title} tabs=${names.map((one) => [one, one])} value=${name} onChange=${setName}>${block}<//>` : block}
  </div>`;
}
