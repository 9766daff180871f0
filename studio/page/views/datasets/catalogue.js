// The list of datasets: found as one types, by kind and by tag; the deleted ones can be taken back.

import { Busy, Button, DropZone, Empty, Heading, Refusal, Select, Toggle, TextInput, formatNumber, formatTime, html, link, setParams, useAsync, useEffect, useSettled, useState } from "../../ui.js";
import { about, get } from "../../api.js";
import { ClassBar, openDataset } from "./parts.js";
import { restore } from "./deleting.js";
import { Upload } from "./upload.js";
import { KINDS, count, describeGaps, describeShape, describeSource } from "./words.js";

const PAGE = 24;

export function Catalogue({ params }) {
  const [text, setText] = useState(params.search ?? "");
  const [files, setFiles] = useState(null);
  const possible = useAsync(about, []);
  const search = useSettled(text.trim(), 180);
  const change = (changes) => setParams((before) => ({ ...before, offset: "", ...changes }));
  useEffect(() => {
    if (search !== (params.search ?? "")) change({ search });
  }, [search]);
  const { search: sought = "", tag = "", kind = "", deleted = "", offset = "0" } = params;
  const query = new URLSearchParams({ search: sought, tag, kind, deleted: deleted ? "true" : "false", limit: PAGE, offset });
  const found = useAsync((signal) => get(`datasets?${query}`, { signal }), [String(query)]);
  const why = possible.value?.why_no_catalogue;
  if (why) return html`<${Heading} title="Datasets" /><${Empty} title="Datasets are not kept here"><p>${why}</p><//>`;
  return html`<${Heading} title="Datasets" lead="What was uploaded, generated, augmented or cut into windows; every version stays until you delete it.">
      <a class="button" href=${link("generate")}>Generate one</a>
    <//>
    ${files
      ? html`<${Upload} files=${files} onStop=${() => setFiles(null)} />`
      : html`<${DropZone} label="Drop a file or a folder of series here" onFiles=${setFiles} accept=${possible.value?.suffixes_read.join(",")}>
          <p class="ds-quiet ds-small">CSV, TSV, Parquet, .ts, npz and more; several files that belong together, such as a train and a test part, at once.</p>
        <//>`}
    <div class="row ds-tools" role="search">
      <${TextInput} type="search" label="Search" placeholder="name or tag" value=${text} onInput=${setText} />
      <${Select} label="Kind" value=${kind} options=${[["", "all kinds"], ...Object.entries(KINDS)]} onChange=${(value) => change({ kind: value })} />
      <${Toggle} label="Deleted ones" value=${Boolean(deleted)} onChange=${(on) => change({ deleted: on ? "1" : "" })} />
    </div>
    <${TagFilter} datasets=${found.value?.datasets ?? []} tag=${tag} onChange=${(value) => change({ tag: value })} />
    <${Refusal} error=${found.error} />
    ${found.value ? html`<${Found} found=${found} deleted=${deleted} sought=${sought || tag || kind} offset=${Number(offset)} onPage=${(next) => setParams((before) => ({ ...before, offset: next || "" }))} />` : html`<${Busy} what="Reading the catalogue" />`}`;
}

function TagFilter({ datasets, tag, onChange }) {
  const tags = [...new Set([...(tag ? [tag] : []), ...datasets.flatMap((one) => one.tags)])].sort();
  if (!tags.length) return null;
  return html`<div class="ds-tags" role="group" aria-label="Tags" style="margin-bottom:16px">
    ${tags.map((one) => html`<button type="button" class="tag" aria-pressed=${String(one === tag)} onClick=${() => onChange(one === tag ? "" : one)}>${one}</button>`)}
  </div>`;
}

function Found({ found, deleted, sought, offset, onPage }) {
  const { datasets, total } = found.value;
  if (!total) {
    if (deleted) return html`<${Empty} title="Nothing is deleted"><p>What you delete lies here for a day, and can be restored.</p><//>`;
    if (sought) return html`<${Empty} title="No dataset is called or tagged so"><p>Search for less, or take the filters off.</p><//>`;
    return html`<${Empty} title="No datasets yet"><p>Drop a file above, or <a href=${link("generate")}>generate one</a> to try things on.</p><//>`;
  }
  return html`<p class="ds-quiet ds-small" role="status">${count(total, "dataset")}${total > PAGE ? `, ${formatNumber(offset + 1)} to ${formatNumber(offset + datasets.length)} shown` : ""}</p>
    <ul class="ds-cards" aria-label="Datasets">${datasets.map((one) => html`<${Card} key=${one.id} dataset=${one} deleted=${deleted} onRestored=${found.again} />`)}</ul>
    ${total > PAGE && html`<p class="row" style="margin-top:16px">
      <${Button} disabled=${offset === 0} onClick=${() => onPage(Math.max(0, offset - PAGE))}>Newer<//>
      <${Button} disabled=${offset + PAGE >= total} onClick=${() => onPage(offset + PAGE)}>Older<//></p>`}`;
}

function Card({ dataset, deleted, onRestored }) {
  const { id, name, version, shape, classes, tags, created } = dataset;
  return html`<li class="panel">
    <header><h2>${deleted ? name : html`<a href=${openDataset(id)}>${name}</a>`} <span class="ds-quiet ds-small">version ${version}</span></h2></header>
    <p class="ds-small">${describeShape(shape)}</p>
    <${ClassBar} classes=${classes} />
    <p class="ds-quiet ds-small">${describeSource(dataset)} · gaps: ${describeGaps(shape)} · ${formatTime(created)}</p>
    ${tags.length > 0 && html`<p class="ds-tags">${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</p>`}
    ${deleted && html`<p style="margin-top:8px"><${Button} onClick=${() => restore(id, name, onRestored)}>Restore<//></p>`}
  </li>`;
}
