// The page's frame: navigation, scheme, notices, the dialog that asks for the key, and the view that the URL names.

import { setKeyAsker } from "./api.js";
import { Busy, Button, Dialog, Notices, Refusal, TextInput, html, link, render, useEffect, useRef, useRoute, useState } from "./ui.js";

const VIEWS = {
  models: "Models",
  explore: "Explore",
  augment: "Augment",
  classify: "Classify",
  datasets: "Datasets",
  generate: "Generate",
  fits: "Fits",
};
const SCHEMES = { "": "System", light: "Light", dark: "Dark" };
const STORED_SCHEME = "seriesmith-scheme";

setScheme(localStorage.getItem(STORED_SCHEME) ?? "");

function setScheme(scheme) {
  if (scheme) document.documentElement.dataset.scheme = scheme;
  else delete document.documentElement.dataset.scheme;
  localStorage.setItem(STORED_SCHEME, scheme);
}

function App() {
  const { view, params } = useRoute();
  const main = useRef();
  useEffect(() => {
    document.title = `${VIEWS[view] ?? "Not found"} · Seriesmith`;
  }, [view]);
  return html`<a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), focusHeading(main.current))}>Skip to content</a>
    <${Top} view=${view} />
    <main id="main" ref=${main} tabindex="-1"><${View} key=${view} name=${view} params=${params} main=${main} /></main>
    <footer class="foot"><a href="docs">API reference</a><${SchemeSwitch} /></footer>
    <${Notices} /><${KeyDialog} />`;
}

function Top({ view }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [view]);
  return html`<header class="top">
    <a class="brand" href=${link("models")}><svg viewBox="0 0 40 20" aria-hidden="true"><path d="M1 12 C5 12 6 3 10 3 S15 17 19 17 S24 6 28 6 S33 11 39 11" /></svg>Seriesmith</a>
    <button type="button" class="button quiet menu" aria-expanded=${String(open)} aria-controls="views" onClick=${() => setOpen(!open)}>Menu</button>
    <nav id="views" class=${open ? "open" : ""} aria-label="Views"><ul>
      ${Object.entries(VIEWS).map(([name, title]) => html`<li><a href=${link(name)} aria-current=${name === view ? "page" : null}>${title}</a></li>`)}
    </ul></nav>
  </header>`;
}

let opened = false; // whether a view was asked for before: the first one leaves the focus where the browser has it

function View({ name, params, main }) {
  const [{ Shown, error }, setLoaded] = useState({});
  const first = useRef(!opened);
  useEffect(() => {
    opened = true;
    if (!VIEWS[name]) return setLoaded({ error: new Error(`There is no view ${name} here; the menu has those there are.`) });
    import(`./views/${name}.js`).then(
      (module) => setLoaded({ Shown: module.default }),
      (failure) => setLoaded({ error: new Error(`The view ${VIEWS[name]} could not be loaded: ${failure.message}`) }),
    );
  }, []);
  useEffect(() => {
    if ((Shown || error) && !first.current) focusHeading(main.current);
  }, [Shown, error]);
  if (error) return html`<h1 tabindex="-1">${VIEWS[name] ?? "Not found"}</h1><${Refusal} error=${error} />`;
  return Shown ? html`<${Shown} params=${params} />` : html`<${Busy} what=${`Loading ${VIEWS[name] ?? ""}`} />`;
}

function focusHeading(main) {
  (main.querySelector("h1") ?? main).focus();
}

function SchemeSwitch() {
  const [scheme, choose] = useState(localStorage.getItem(STORED_SCHEME) ?? "");
  const change = (value) => (setScheme(value), choose(value));
  return html`<fieldset class="scheme"><legend>Appearance</legend>
    ${Object.entries(SCHEMES).map(([value, text]) => html`<label><input type="radio" name="scheme" checked=${scheme === value} onChange=${() => change(value)} /><span>${text}</span></label>`)}
  </fieldset>`;
}

function KeyDialog() {
  const [asked, setAsked] = useState(null);
  const [key, setKey] = useState("");
  useEffect(() => setKeyAsker((refused) => new Promise((resolve) => (setKey(""), setAsked({ refused, resolve })))), []);
  const end = (given) => {
    asked?.resolve(given);
    setAsked(null);
  };
  const submit = (event) => {
    event.preventDefault();
    if (key.trim()) end(key.trim());
  };
  return html`<${Dialog} open=${asked !== null} title="This server asks for a key" onClose=${() => end(null)}>
    <form onSubmit=${submit}>
      <${TextInput} type="password" label="API key" value=${key} onInput=${setKey} required
        error=${asked?.refused ? "The key was not accepted. Look at it again, or ask whoever runs the server." : null}
        hint="Kept in this tab only, until it is closed." />
      <${Button} kind="main" type="submit">Continue<//>
    </form>
  <//>`;
}

render(html`<${App} />`, document.getElementById("app"));
