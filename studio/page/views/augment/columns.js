// The columns of a table, each with what it is taken for.

import { Button, html, useState } from "../../ui.js";
import { ROLES, assignRole, findRole } from "./roles.js";

const FIRST = 10;

export function Columns({ columns, settings, onChange }) {
  const [all, setAll] = useState(false);
  const named = (column) => findRole(settings, column.name);
  const plain = columns.filter((column) => isPlain(column) && !named(column));
  const special = columns.filter((column) => !plain.includes(column));
  const shown = all ? columns : [...special.slice(0, 2 * FIRST), ...plain.slice(0, Math.max(2, FIRST - special.length))];
  const listed = columns.filter((column) => shown.includes(column));
  return html`<div class="table" tabindex="0" role="region" aria-label="What the columns are">
    <table class="aug-columns-read"><thead><tr><th scope="col">Column</th><th scope="col">holds</th><th scope="col">is taken for</th></tr></thead>
    <tbody>${listed.map((column) => html`<tr key=${column.name}>
      <th scope="row">${column.name}</th>
      <td class="aug-examples">${column.examples.slice(0, 4).join(", ")}</td>
      <td>${column.role === "timepoint" ? html`timepoints, ${column.count ?? "all"} of them` : html`<select aria-label=${`What ${column.name} is`} onChange=${(event) => onChange(assignRole(settings, column.name, event.target.value))}>
        <option value="" selected=${named(column) === ""}>${describeGuess(column)}</option>
        ${ROLES.map(([role, text, hint]) => html`<option value=${role} selected=${named(column) === role}>${text}: ${hint}</option>`)}
      </select>`}</td></tr>`)}</tbody></table>
    ${listed.length < columns.length && html`<p class="more"><${Button} kind="quiet" onClick=${() => setAll(true)}>Show all ${columns.length} columns<//></p>`}
  </div>`;
}

const isPlain = ({ role }) => role === null || role === undefined || role === "value";

/** The first choice leaves the column to the reader, and says what the reader took it for. */
function describeGuess({ role }) {
  const known = ROLES.find(([name]) => name === role);
  return role ? `${known ? known[1] : role} (found out)` : "found out";
}
