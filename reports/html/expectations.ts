import { realDuration, scenarioOffset } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { Judgement } from '../run-json.ts';
import { countsText, floorText, SIGN } from '../words.ts';
import { figure } from './charts.ts';
import { breakable, type Html, html } from './template.ts';

/** Every claim under its phase: what did not hold lies open, what held is one line until it is opened. */
export function expectationsSection(report: RunReport): Html {
  const groups = report.judgements
    .map((group) => ({ ...group, judgements: group.judgements.filter(({ kind }) => kind !== 'invariant') }))
    .filter(({ judgements }) => judgements.length > 0);
  return html`<section id="expectations" aria-labelledby="expectations-title">
    <div class="heading">
      <h2 id="expectations-title">Expectations</h2>
      <button class="button" type="button" data-toggle-claims aria-pressed="false" hidden>Open all</button>
    </div>
    ${groups.length === 0 && html`<p class="nothing"><span aria-hidden="true">?</span> Nothing was judged.</p>`}
    ${groups.map(
      ({ title, judgements }) => html`<section class="group">
        <h3>${title} <small>${tally(judgements)}</small></h3>
        ${judgements.map((judgement) => claim(report, judgement))}
      </section>`,
    )}
  </section>`;
}

/** One claim: expected, received, query, chart, in the order every failure text has. */
export function claim(report: RunReport, judgement: Judgement): Html {
  const { verdict, floor, decided } = judgement;
  return html`<details class="claim claim--${verdict}"${verdict !== 'held' && html` open`}>
    <summary>
      <span class="claim__sign" aria-hidden="true">${SIGN[verdict]}</span>
      <span class="claim__title">${breakable(titleOf(judgement))}</span>
      <span class="claim__received">${judgement.received}</span>
      <span class="claim__verdict">${verdict}</span>
    </summary>
    <div class="claim__body" id="${claimId(report, judgement)}">
      <dl class="claim__facts">
        ${row('Expected', judgement.expected)}
        ${row('Received', judgement.received)}
        ${judgement.query !== null && row('Query', html`<code>${judgement.query}</code>`)}
        ${judgement.timeline.length > 0 && row('Timeline', steps(judgement))}
        ${floor !== null && row('Floor', floorText(floor))}
        ${
          decided !== null &&
          row(
            'Decided',
            html`${scenarioOffset(decided.scenarioMs)} <small>${realDuration(decided.realMs)} real</small>`,
          )
        }
      </dl>
      ${chartOf(report, judgement)}
    </div>
  </details>`;
}

/** Where a claim is told in full: within its details, so that a browser that goes there opens them. */
export const claimId = ({ judgements }: RunReport, judgement: Judgement): string =>
  `claim-${judgements.flatMap((group) => group.judgements).indexOf(judgement)}`;

/** What a claim is about, drawn; nothing where there is nothing to draw. */
export const chartOf = (report: RunReport, { chart, title }: Judgement): Html | false =>
  chart !== null &&
  figure(report, {
    title,
    unit: chart.unit,
    threshold: chart.threshold,
    keys: chart.keys.map((key) => ({ key, legend: legendOf(report, key) })),
  });

/** What did not hold is told in its own words; the sign in front of them is drawn beside. */
export function titleOf({ verdict, title, headline }: Judgement): string {
  return verdict === 'held' ? title : headline.replace(/^[✓✗?]\s*/u, '') || title;
}

/** A query that a panel draws too keeps the panel's name for it. */
function legendOf({ panels }: RunReport, key: string): string {
  return panels.flatMap(({ queries }) => queries).find((query) => query.key === key)?.legend ?? '';
}

function row(name: string, value: string | Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** What happened, moment by moment. */
export function steps({ timeline }: Judgement): Html {
  return html`<ol class="steps">${timeline.map(
    ({ moment, what }) => html`<li><b>${scenarioOffset(moment.scenarioMs)}</b> ${what}</li>`,
  )}</ol>`;
}

function tally(judgements: readonly Judgement[]): string {
  const counts = { held: 0, broken: 0, unknown: 0 };
  for (const { verdict } of judgements) counts[verdict] += 1;
  return countsText(counts);
}
