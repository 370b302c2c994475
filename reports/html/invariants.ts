import { plainNumber } from '../format.ts';
import type { RunReport } from '../model.ts';
import { claim } from './expectations.ts';
import { pairs } from './table.ts';
import { type Html, html } from './template.ts';

/** Claims about the system's own books, with what was read from them. */
export function invariantsSection(report: RunReport): Html {
  const claims = report.judgements.flatMap(({ judgements }) => judgements.filter(({ kind }) => kind === 'invariant'));
  return html`<section id="invariants" aria-labelledby="invariants-title">
    <h2 id="invariants-title">Invariants</h2>
    ${claims.length === 0 && html`<p class="nothing">No invariant was judged.</p>`}
    ${claims.map((one) => claim(report, one))}
    ${report.observations.map(
      ({ invariant, facts }) => html`<h3 class="facts-title">Read for “${invariant}”</h3>
        ${pairs(Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, factText(value)])))}`,
    )}
  </section>`;
}

function factText(value: unknown): string {
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
