/** The index over the runs of one `--all`: a row for each scenario, then what they proved together and what nobody did. */
import { type Catalog, type Coverage, coverageOf, coverageText, type IndexedRun } from './coverage.ts';
import { realDuration } from './format.ts';
import { masthead, page } from './html/layout.ts';
import { pageScript } from './html/script.ts';
import { dataTable } from './html/table.ts';
import { breakable, type Html, html } from './html/template.ts';
import { chip } from './html/verdict.ts';
import { plain, table } from './markdown.ts';
import type { RunVerdict } from './run-json.ts';
import { countsText, SIGN } from './words.ts';

/** Both forms of the index. `catalogs`: the systems whose coverage is shown. */
export function indexPage(
  runs: readonly IndexedRun[],
  catalogs: readonly Catalog[],
): { readonly html: string; readonly markdown: string } {
  const coverages = catalogs.map((catalog) => coverageOf(runs, catalog));
  return { html: indexHtml(runs, coverages), markdown: indexMarkdown(runs, coverages) };
}

function indexHtml(runs: readonly IndexedRun[], coverages: readonly Coverage[]): string {
  const verdict = verdictOf(runs);
  return page({
    title: `${SIGN[verdict]} ${sentenceOf(runs)} · firedrill`,
    scripts: [pageScript()],
    body: html`${masthead('all scenarios')}
      <main id="main">
        <section class="verdict verdict--${verdict}" aria-labelledby="sentence">
          <p class="verdict__run">${chip(verdict)}</p>
          <h1 id="sentence">${sentenceOf(runs)}</h1>
          ${coverages.map((one) => html`<p class="verdict__name"><strong>${one.system}</strong>: ${coverageText(one)}.</p>`)}
        </section>
        <section aria-labelledby="runs-title"><h2 id="runs-title">Scenarios</h2>
          <div class="panel runs">${dataTable(
            'Scenarios',
            ['scenario', 'verdict', 'what was found', 'expectations', 'duration, real'],
            runs.map(({ run, href }) => [
              html`<a href="${href}">${breakable(run.id)}</a>`,
              chip(run.verdict),
              run.sentence,
              countsText(run.counts),
              realDuration(run.ended.at - run.started.at),
            ]),
          )}</div>
        </section>
        ${coverages.map(coverageSection)}
      </main>
      <footer class="foot">Nothing in this file is loaded from anywhere.</footer>`,
  });
}

function coverageSection(coverage: Coverage): Html {
  return html`<section aria-label="Coverage of ${coverage.system}">
    <h2>Coverage of ${coverage.system}</h2>
    <p class="note">A name is proven when a claim about it held in one of the runs above.</p>
    ${coverage.kinds.map(({ kind, names }) => {
      const missing = names.filter(({ provenBy }) => provenBy.length === 0);
      return html`<section class="group"><h3>${kind} <small>${names.length - missing.length} of ${names.length} proven</small></h3>
        <div class="panel coverage"><table>
          <thead><tr><th scope="col">name</th><th scope="col">proven by</th></tr></thead>
          <tbody>${[...missing, ...names.filter((one) => !missing.includes(one))].map(
            ({ name, provenBy }) => html`<tr class="${provenBy.length === 0 ? 'uncovered' : 'covered'}">
              <th scope="row">${breakable(name)}</th>
              <td>${
                provenBy.length === 0
                  ? html`<span aria-hidden="true">✗</span> proven by no scenario`
                  : provenBy.map(({ run, href }) => html`<a href="${href}">${run.id.split('/').at(-1) ?? run.id}</a> `)
              }</td></tr>`,
          )}</tbody>
        </table></div></section>`;
    })}
  </section>`;
}

function indexMarkdown(runs: readonly IndexedRun[], coverages: readonly Coverage[]): string {
  const verdict = verdictOf(runs);
  return [
    `## ${SIGN[verdict]} ${plain(sentenceOf(runs))}`,
    table(
      ['scenario', 'verdict', 'what was found', 'duration, real'],
      runs.map(({ run }) => [
        plain(run.id),
        `${SIGN[run.verdict]} ${run.verdict}`,
        plain(run.sentence),
        realDuration(run.ended.at - run.started.at),
      ]),
    ),
    ...coverages.flatMap((coverage) => [
      `### Coverage of ${plain(coverage.system)}: ${coverageText(coverage)}`,
      table(
        ['', 'name', 'proven by'],
        coverage.kinds.flatMap(({ kind, names }) =>
          names.map(({ name, provenBy }) => [
            kind.slice(0, -1),
            plain(name),
            provenBy.length === 0
              ? '✗ **no scenario**'
              : provenBy.map(({ run }) => plain(run.id.split('/').at(-1) ?? run.id)).join(', '),
          ]),
        ),
      ),
    ]),
    '',
  ].join('\n\n');
}

/** 'All 12 scenarios held.' or '10 of 12 scenarios held: 1 broken, 1 unknown.' */
function sentenceOf(runs: readonly IndexedRun[]): string {
  const count = (verdict: RunVerdict) => runs.filter(({ run }) => run.verdict === verdict).length;
  const [held, broken, unknown] = [count('held'), count('broken'), count('unknown')];
  if (runs.length === 0) return 'No scenario was run.';
  if (held === runs.length) return runs.length === 1 ? 'The scenario held.' : `All ${runs.length} scenarios held.`;
  return `${held} of ${runs.length} scenarios held: ${countsText({ held: 0, broken, unknown })}.`;
}

/** As in a run: broken outweighs unknown, unknown outweighs held, and nothing at all is unknown. */
function verdictOf(runs: readonly IndexedRun[]): RunVerdict {
  const verdicts = runs.map(({ run }) => run.verdict);
  if (verdicts.includes('broken')) return 'broken';
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'held';
}
