/** report.html: the whole page of one run, from verdict to settings. */
import type { RunReport } from '../model.ts';
import { SIGN } from '../words.ts';
import { pageData } from './charts.ts';
import { detailsSection } from './details.ts';
import { detectionSection } from './detection.ts';
import { expectationsSection } from './expectations.ts';
import { invariantsSection } from './invariants.ts';
import { masthead, page } from './layout.ts';
import { loadSection } from './load.ts';
import { panelsSection } from './panels.ts';
import { pageScript, uplot } from './script.ts';
import { shoppersSection } from './shoppers.ts';
import { storySection } from './story.ts';
import { html } from './template.ts';
import { timelineSection } from './timeline.ts';
import { verdictSection } from './verdict.ts';

const CONTENTS = [
  ['timeline', 'Timeline'],
  ['story', 'Incident'],
  ['expectations', 'Expectations'],
  ['panels', 'Panels'],
  ['detection', 'Detection'],
  ['shoppers', 'Shoppers'],
  ['load', 'Load'],
  ['invariants', 'Invariants'],
  ['details', 'Run details'],
] as const;

/** One self-contained document; opens without a network, from a file or an artifact store. */
export function reportPage(report: RunReport): string {
  const story = storySection(report);
  const present: Readonly<Record<string, boolean>> = { shoppers: report.visits.length > 0, story: story !== false };
  const { js, css } = uplot();
  return page({
    title: `${SIGN[report.verdict]} ${report.id} · firedrill`,
    styles: [css],
    scripts: [js, pageScript()],
    data: pageData(report),
    body: html`${masthead('run report')}
      <main id="main">
        ${verdictSection(report)}
        <nav class="contents" aria-label="Contents">
          <ul>${CONTENTS.filter(([id]) => present[id] ?? true).map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul>
        </nav>
        ${timelineSection(report)}
        ${story}
        ${expectationsSection(report)}
        ${panelsSection(report)}
        ${detectionSection(report)}
        ${shoppersSection(report)}
        ${loadSection(report)}
        ${invariantsSection(report)}
        ${detailsSection(report)}
      </main>
      <footer class="foot">Drawn from journal.jsonl of ${report.id} by firedrill. Nothing in this file is loaded from
        anywhere.</footer>`,
  });
}
