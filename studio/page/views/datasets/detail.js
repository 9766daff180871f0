// One dataset: its series, statistics and map, what it came from, and what can be done with it.

import { Busy, Button, Field, Heading, Panel, Refusal, Select, Tabs, formatBytes, formatNumber, formatTime, go, html, link, setParams, toast, useAsync, useState } from "../../ui.js";
import { download, get, patch, about } from "../../api.js";
import { ClassBar, NameEditor, TagEditor } from "./parts.js";
import { putAside } from "./deleting.js";
import { Lineage } from "./lineage.js";
import { DatasetMap } from "./map.js";
import { SeriesPages } from "./series.js";
import { Statistics } from "./statistics.js";
import { Cutting } from "./cutting.js";
import { describeGaps, describeShape } from "./words.js";

const FEW = 8; // series, below which there is little to learn from but their windows
const SHOWN = [["series", "Series"], ["statistics", "Statistics"], ["map", "Map"], ["source", "Where it came from"]];

export function Detail({ id, params }) {
  const found = useAsync((signal) => get(`datasets/${id}`, { signal }), [id]);
  const dataset = found.value;
  if (!dataset) return html`<${Heading} title="Dataset" /><${Refusal} error=${found.error} />${found.busy && html`<${Busy} what="Opening the dataset" />`}${found.error && html`<p><a href=${link("datasets")}>All datasets</a></p>`}`;
  const shown = SHOWN.some(([name]) => name === params.shown) ? params.shown : "series";
  const change = async (changes) => {
    try {
      await patch(`datasets/${id}`, changes);
      found.again();
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  };
  const few = dataset.shape.n_cases < FEW;
  return html`<p><a href=${link("datasets")}>All datasets</a></p>
    <${Head} dataset=${dataset} onChange=${change} />
    <div class="ds-side ds-detail">
      <${Facts} dataset=${dataset} onChange=${change} />
      <${Panel} label="What is in it">
        <${Tabs} label="What is shown" tabs=${SHOWN} value=${shown} onChange=${(next) => setParams({ dataset: id, shown: next === "series" ? "" : next })}>
          ${shown === "series" && html`<${SeriesPages} dataset=${dataset} params=${params} />`}
          ${shown === "statistics" && html`<${Statistics} dataset=${dataset} />`}
          ${shown === "map" && html`<${DatasetMap} dataset=${dataset} params=${params} />`}
          ${shown === "source" && html`<${Lineage} dataset=${dataset} />`}
        <//>
      <//>
      <div class="stack">${few && html`<${Cutting} dataset=${dataset} />`}<${Download} dataset=${dataset} />${!few && html`<${Cutting} dataset=${dataset} />`}</div>
    </div>`;
}

function Head({ dataset, onChange }) {
  const [renaming, setRenaming] = useState(false);
  const { id, name, version } = dataset;
  const of = { dataset: id };
  return html`<${Heading} title=${name} lead=${`Version ${version}: ${describeShape(dataset.shape)}`}>
      <a class="button main" href=${link("augment", of)}>Augment</a>
      <a class="button" href=${link("fits", of)}>Fit a model</a>
      <a class="button" href=${link("explore", of)}>Explore</a>
      <a class="button" href=${link("classify", of)}>Classify</a>
      <${Button} kind="quiet" onClick=${() => setRenaming(!renaming)}>Rename<//>
      <${Button} kind="danger" onClick=${() => putAside(dataset, () => go("datasets"))}>Delete<//>
    <//>
    ${renaming && html`<${Panel} title="Rename"><${NameEditor} name=${name} onStop=${() => setRenaming(false)} onSave=${(next) => (setRenaming(false), onChange({ name: next }))} /><//>`}`;
}

function Facts({ dataset, onChange }) {
  const { classes, shape, versions = [] } = dataset;
  return html`<${Panel} title="What it is">
      <div class="stack">
        <${ClassBar} classes=${classes} most=${20} />
        <dl class="facts">
          <dt>Gaps</dt><dd>${describeGaps(shape)}</dd>
          ${shape.channel_names?.length > 0 && html`<dt>Channels</dt><dd>${shape.channel_names.map((name, index) => (shape.units?.[index] ? `${name} [${shape.units[index]}]` : name)).join(", ")}</dd>`}
          ${shape.n_synthetic > 0 && html`<dt>Synthetic</dt><dd>${formatNumber(shape.n_synthetic)} series</dd>`}
          ${shape.irregular && html`<dt>Sampling</dt><dd>irregular</dd>`}
          ${shape.sampling_interval && html`<dt>Sampled every</dt><dd>${describeInterval(shape.sampling_interval)}</dd>`}
          <dt>Size</dt><dd>${formatBytes(dataset.n_bytes)}</dd>
          <dt>Created</dt><dd>${formatTime(dataset.created)}${dataset.owner && ` by ${dataset.owner}`}</dd>
          <dt>SHA-256</dt><dd><code title=${dataset.sha256}>${dataset.sha256.slice(0, 12)}…</code></dd>
          <dt>Id</dt><dd><code title=${dataset.id}>${dataset.id.slice(0, 12)}…</code></dd>
        </dl>
        <${TagEditor} tags=${dataset.tags} onChange=${(tags) => onChange({ tags })} />
        ${versions.length > 1 && html`<${Select} label="Version" value=${dataset.id} options=${versions.map((one) => [one.id, `version ${one.version}, ${formatTime(one.created)}`])} onChange=${(next) => go("datasets", { dataset: next })} />`}
      </div>
    <//>`;
}

const describeInterval = (interval) => (typeof interval === "object" ? Object.values(interval).filter((part) => part !== null).join(" ") : String(interval));

function Download({ dataset }) {
  const possible = useAsync(about, []);
  const written = possible.value?.suffixes_written ?? [".csv"];
  const [chosen, setChosen] = useState(null);
  const suffix = chosen ?? (written.includes(dataset.suffix) ? dataset.suffix : written[0]);
  const [work, setWork] = useState({ busy: false, error: null });
  const save = async () => {
    setWork({ busy: true, error: null });
    const error = await download(`datasets/${dataset.id}/file?suffix=${encodeURIComponent(suffix)}`, `${dataset.name}-${dataset.version}${suffix}`).then(() => null, (failure) => failure);
    setWork({ busy: false, error });
  };
  return html`<${Panel} title="Download">
    <div class="row">
      <${Field} label="Format"><select onChange=${(event) => setChosen(event.target.value)}>${written.map((one) => html`<option value=${one} selected=${one === suffix}>${one}${one === dataset.suffix ? " (as it came)" : ""}</option>`)}</select><//>
      <${Button} onClick=${save} disabled=${work.busy}>${work.busy ? "Writing…" : "Download"}<//>
    </div>
    <${Refusal} error=${work.error} />
  <//>`;
}

