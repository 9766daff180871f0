// Calls the server. Every function throws ApiError {status, code, message, field}; when the server asks for a key, the
// page asks the person for it once and repeats the call.

const STORED = "seriesmith-key";
const LONGEST_WAIT = 10_000;

let askForKey = null;
let asking = null;
let known = null;

export class ApiError extends Error {
  constructor(status, code, message, field = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** Set how a person is asked for the key: `ask(refused) → Promise<string or null>`. */
export function setKeyAsker(ask) {
  askForKey = ask;
}

export function readKey() {
  return sessionStorage.getItem(STORED) ?? "";
}

export function forgetKey() {
  sessionStorage.removeItem(STORED);
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}, options) => call("POST", path, body, options);
export const patch = (path, body = {}, options) => call("PATCH", path, body, options);
export const remove = (path, options) => call("DELETE", path, undefined, options);

/** What is possible on this server (GET studio.json), asked once. */
export function about() {
  known ??= get("studio.json").catch((error) => {
    known = null;
    throw error;
  });
  return known;
}

/** Send a Blob or File as it is. `onProgress(share)` tells what has left, from 0 to 1. */
export async function upload(path, blob, onProgress = () => {}, { signal } = {}) {
  return repeatWithKey((key) => sendFile(path, blob, onProgress, signal, key));
}

/** Fetch a file and hand it to the browser's downloads. */
export async function download(path, filename) {
  const response = await request("GET", path);
  save(await response.blob(), filename);
}

/** Hand a Blob or text to the browser's downloads. */
export function save(content, filename, type = "text/plain") {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  const anchor = Object.assign(document.createElement("a"), { href: url, download: filename });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Follow server-sent events until `end` comes or `signal` aborts. `handlers` has a function for each event, called with
 * its parsed data and its id; `handlers.lost(error)` and `handlers.back()` tell of a connection that is made again.
 */
export async function listen(path, handlers, signal) {
  let last = null;
  let wait = 500;
  let lost = false;
  while (!signal?.aborted) {
    try {
      const headers = { accept: "text/event-stream", ...(last === null ? {} : { "last-event-id": last }) };
      const response = await request("GET", path, undefined, { signal, headers });
      if (lost) handlers.back?.();
      lost = false;
      for await (const event of readEvents(response.body)) {
        wait = 500;
        if (event.id !== null) last = event.id;
        handlers[event.name]?.(JSON.parse(event.data), event.id);
        if (event.name === "end") return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      lost = true;
      handlers.lost?.(error);
    }
    await pause(wait, signal);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}

async function call(method, path, body, options) {
  const response = await request(method, path, body, options);
  if (response.status === 204) return null;
  const type = response.headers.get("content-type") ?? "";
  return type.includes("json") ? response.json() : response.text();
}

async function request(method, path, body, { signal, headers = {} } = {}) {
  return repeatWithKey(async (key) => {
    const sent = { ...headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
    if (body !== undefined) sent["content-type"] = "application/json";
    const content = body === undefined ? undefined : JSON.stringify(body);
    let response;
    try {
      response = await fetch(path, { method, signal, headers: sent, body: content });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "unreachable", "The server cannot be reached. See whether it runs, then try again.");
    }
    if (response.ok) return response;
    throw buildError(response.status, await response.text());
  });
}

function sendFile(path, blob, onProgress, signal, key) {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest(); // fetch cannot tell how much of a body has left
    sender.open("POST", path);
    sender.setRequestHeader("content-type", "application/octet-stream");
    if (key) sender.setRequestHeader("authorization", `Bearer ${key}`);
    sender.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    sender.onload = () =>
      sender.status < 300
        ? resolve(JSON.parse(sender.responseText))
        : reject(buildError(sender.status, sender.responseText));
    sender.onerror = () => reject(new ApiError(0, "unreachable", "The upload was cut off. Try it again."));
    sender.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", () => sender.abort(), { once: true });
    sender.send(blob);
  });
}

async function repeatWithKey(send) {
  for (let refused = false; ; refused = true) {
    const key = readKey();
    try {
      return await send(key);
    } catch (error) {
      if (error.status !== 401 || askForKey === null) throw error;
      if (readKey() !== key) continue; // another call has been given one meanwhile
      asking ??= askForKey(refused || key !== "").finally(() => (asking = null));
      const given = await asking;
      if (given === null) throw error;
      sessionStorage.setItem(STORED, given);
    }
  }
}

function buildError(status, text) {
  try {
    const { error } = JSON.parse(text);
    if (typeof error === "string") return new ApiError(status, "refused", error);
    return new ApiError(status, error.code, error.message, error.field ?? null);
  } catch {
    return new ApiError(status, "failed", `The server answered ${status}, and did not say why.`);
  }
}

async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value.replaceAll("\r\n", "\n");
    const blocks = held.split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event.data !== "") yield event;
    }
  }
}

function parseEvent(block) {
  const event = { name: "message", id: null, data: "" };
  for (const line of block.split("\n")) {
    const [, field, text] = line.match(/^([^:]*):? ?(.*)$/s);
    if (field === "event") event.name = text;
    if (field === "id") event.id = text;
    if (field === "data") event.data += (event.data && "\n") + text;
  }
  return event;
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
