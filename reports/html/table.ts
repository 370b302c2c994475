import { type Html, html, type Insertable } from './template.ts';

/** A table that scrolls by itself where it is wider than the page; the first column names the row. */
export function dataTable(label: string, head: readonly string[], rows: readonly (readonly Insertable[])[]): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
    <thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(
      ([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`,
    )}</tbody>
  </table></div>`;
}

/** Names and values; nothing where there are none. */
export function pairs(entries: Readonly<Record<string, string | number>>): Html {
  return html`<dl class="pairs">${Object.entries(entries).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
