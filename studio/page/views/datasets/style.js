// What only these views look like; colours and steps are the page's own.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.ds-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: calc(2 * var(--step)); list-style: none; margin: 0; padding: 0; }
.ds-cards > .panel + .panel { margin-top: 0; }
.ds-cards .panel > header { margin-bottom: var(--step); }
.ds-cards h2 { overflow-wrap: anywhere; }
.ds-bar { display: flex; height: 8px; border-radius: 2px; overflow: hidden; gap: 1px; }
.ds-bar i { display: block; min-width: 2px; }
.ds-classes { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; margin: 6px 0 var(--step); padding: 0; font-size: 13px; }
.ds-classes .swatch { margin-right: 6px; }
.ds-tools { margin: calc(3 * var(--step)) 0 calc(2 * var(--step)); }
.ds-tools > .field { flex: 0 1 190px; }
.ds-tools > .field:first-child { flex: 1 1 260px; }
.ds-tags { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 0; }
.ds-tags > input[type=text] { width: 130px; min-height: 30px; padding: 2px 8px; font-size: 13px; }
button.tag { background: none; font-family: inherit; min-height: 28px; padding: 1px 12px; cursor: pointer; }
button.tag[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); background: var(--accent-wash); }
.tag > button { border: 0; background: none; color: inherit; font: inherit; cursor: pointer; min-width: 24px; min-height: 24px; margin: -2px -8px -2px -6px; }
.ds-quiet { color: var(--quiet); }
.ds-small { font-size: 13px; }
.ds-side { display: grid; gap: calc(3 * var(--step)); align-items: start; grid-template-columns: minmax(260px, 340px) minmax(0, 1fr); }
.ds-side > .panel + .panel { margin-top: 0; }
.ds-gap { margin-top: calc(3 * var(--step)); }
.ds-options { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr)); gap: calc(2 * var(--step)) calc(3 * var(--step)); align-items: start; }

.ds-set { border-left: 2px solid var(--accent); padding-left: 10px; margin-left: -12px; }
details.ds-fold > summary { cursor: pointer; padding: 6px 0; font-weight: 500; }
details.ds-fold[open] > summary { margin-bottom: var(--step); }
details.ds-fold + details.ds-fold { border-top: 1px solid var(--line); }
.ds-log { max-height: 340px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.ds-plain { list-style: none; margin: 0; padding: 0; }
.fit-stages { max-height: 330px; overflow: auto; }
.fit-stage { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 10px; width: 100%; text-align: left; border: 0; border-left: 3px solid transparent; background: none; color: inherit; font: inherit; font-size: 13px; padding: 6px 8px; cursor: pointer; }
.fit-stage:hover { background: var(--wash); }
.fit-stage[aria-pressed="true"] { background: var(--accent-wash); border-left-color: var(--accent); }
.fit-stage .meter { grid-column: 1 / -1; height: 4px; }
.tag.running { color: var(--accent); border-color: currentColor; }
.tag.withheld { color: var(--warn); border-color: currentColor; }
.fit-bar { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 16px; align-items: baseline; }
.fit-bar .meter { grid-column: 1 / -1; }
.fit-scrub { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 16px; align-items: end; }
.fit-numbers { display: flex; flex-wrap: wrap; gap: calc(2 * var(--step)) calc(4 * var(--step)); }
.fit-numbers p { margin: 0; }
@media (max-width: 860px) { .ds-side { grid-template-columns: minmax(0, 1fr); } }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
