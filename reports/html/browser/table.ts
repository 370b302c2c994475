/** The table behind a chart, made when it is opened. Everything goes in as text. */
import { realDuration, scenarioOffset, valueWithUnit } from '../../format.ts';
import type { PageData } from '../page-data.ts';

/** Columns share the times in `xs` (scenario seconds from the origin). */
interface Columns {
  readonly names: readonly string[];
  readonly xs: readonly number[];
  readonly ys: readonly (readonly (number | null | undefined)[])[];
  readonly unit: string;
}

const MOST_ROWS = 120;

export function fillTable(target: HTMLElement, data: PageData, { names, xs, ys, unit }: Columns): void {
  const rows = xs.flatMap((x, row) => (ys.some((column) => typeof column[row] === 'number') ? [{ x, row }] : []));
  const every = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  const table = document.createElement('table');
  const caption = table.createCaption();
  caption.textContent =
    every === 1 ? `${rows.length} times, every one recorded.` : `Every ${every}th of ${rows.length} times drawn.`;
  const head = table.createTHead().insertRow();
  for (const name of ['scenario', 'real', ...names]) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const { x, row } of rows.filter((_, index) => index % every === 0)) {
    const line = body.insertRow();
    line.insertCell().textContent = scenarioOffset(x * 1_000);
    line.insertCell().textContent = realDuration(data.originRealMs + (x * 1_000) / data.speed);
    for (const column of ys) {
      const value = column[row];
      line.insertCell().textContent = typeof value === 'number' ? valueWithUnit(value, unit) : '–';
    }
  }
  target.replaceChildren(table);
}
