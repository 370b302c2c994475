/** What people saw of it: their visits beside the fault, the first who could not buy, and what the page told them. */
import { plainNumber, realDuration, scenarioDuration, scenarioOffset } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { VisitReport } from '../run-json.ts';
import { figure, visitsKey } from './charts.ts';
import { dataTable } from './table.ts';
import { type Html, html } from './template.ts';

const OUTCOMES = ['bought', 'refused', 'gave up'] as const;

/** Nothing where no shopper came. */
export function shoppersSection(report: RunReport): Html | false {
  if (report.visits.length === 0) return false;
  return html`<section id="shoppers" aria-labelledby="shoppers-title">
    <h2 id="shoppers-title">What shoppers saw</h2>
    <p class="note">People who buy in the storefront with a real browser. Each dot is a visit, drawn when it ended, as high
      as the shopper waited from the click to the answer. Waits are real time, whatever the speed.</p>
    ${facts(report)}
    <div class="panel shoppers__chart">${figure(report, {
      title: 'Visits: how long shoppers waited',
      unit: 'ms',
      kind: 'dots',
      keys: OUTCOMES.filter((outcome) => report.visits.some((visit) => visit.outcome === outcome)).map((outcome) => ({
        key: visitsKey(outcome),
        legend: outcome,
      })),
    })}</div>
    ${pictures(report)}
    <div class="panels">
      <article class="panel"><header class="panel__head"><h4>How visits ended</h4></header>${dataTable(
        'How visits ended',
        ['outcome', 'visits', 'waited, median', 'waited, at most'],
        OUTCOMES.map((outcome) => outcomeRow(report, outcome)),
      )}</article>
      <article class="panel"><header class="panel__head"><h4>What the page told them</h4></header>${messages(report)}</article>
    </div>
  </section>`;
}

/** The first visit after the fault that did not end with a purchase. */
const firstHurt = ({ visits, origin }: RunReport): VisitReport | undefined =>
  visits.find(({ outcome, ended }) => outcome !== 'bought' && ended.at >= origin.at);

function facts(report: RunReport): Html {
  const { visits, origin } = report;
  const hurt = firstHurt(report);
  const back = hurt && visits.find(({ outcome, ended }) => outcome === 'bought' && ended.at > hurt.ended.at);
  const notified = report.notifications.find(({ status, moment }) => status === 'firing' && moment.at >= origin.at);
  const errors = visits.reduce((sum, { pageErrors }) => sum + pageErrors.length, 0);
  const usable = middle(visits.flatMap(({ usableMs }) => usableMs ?? []));
  const tiles: [string, string, string][] = [
    [
      'Visits',
      plainNumber(visits.length),
      `${plainNumber(visits.filter(({ outcome }) => outcome === 'bought').length)} bought`,
    ],
    [
      'First failed purchase',
      hurt === undefined ? 'none' : scenarioOffset(hurt.ended.scenarioMs),
      hurt === undefined
        ? `since ${origin.what === 'fault' ? 'the fault' : 'the start'}`
        : `at the step “${hurt.step}”`,
    ],
    ['First notification', ...toldWhen(hurt, notified)],
    [
      'First purchase after',
      hurt === undefined ? '–' : back === undefined ? 'none' : scenarioOffset(back.ended.scenarioMs),
      hurt === undefined || back === undefined
        ? ''
        : `${scenarioDuration(back.ended.scenarioMs - hurt.ended.scenarioMs)} later`,
    ],
    ['Usable after, median', usable === undefined ? '–' : realDuration(usable), 'time to interactive'],
    ['Page errors', plainNumber(errors), 'uncaught in the page’s own script'],
  ];
  return html`<dl class="facts facts--tiles">${tiles.map(
    ([name, value, small]) => html`<div><dt>${name}</dt><dd>${value} <small>${small}</small></dd></div>`,
  )}</dl>`;
}

function toldWhen(
  hurt: VisitReport | undefined,
  notified: RunReport['notifications'][number] | undefined,
): [string, string] {
  if (notified === undefined) return ['none', ''];
  const offset = scenarioOffset(notified.moment.scenarioMs);
  if (hurt === undefined) return [offset, notified.alert];
  const gap = notified.moment.scenarioMs - hurt.ended.scenarioMs;
  return [offset, `${scenarioDuration(Math.abs(gap))} ${gap < 0 ? 'before' : 'after'} the first failed purchase`];
}

function outcomeRow({ visits }: RunReport, outcome: VisitReport['outcome']): string[] {
  const own = visits.filter((visit) => visit.outcome === outcome);
  const waits = own.flatMap(({ waitedMs }) => waitedMs ?? []);
  const half = middle(waits);
  return [
    outcome,
    plainNumber(own.length),
    half === undefined ? '–' : realDuration(half),
    half === undefined ? '–' : realDuration(Math.max(...waits)),
  ];
}

function messages({ visits }: RunReport): Html {
  const told = Map.groupBy(
    [
      ...visits.map(({ message, ended }) => ({ text: message, ended })),
      ...visits.flatMap(({ pageErrors, ended }) =>
        pageErrors.map((error) => ({ text: `page error: ${error}`, ended })),
      ),
    ].filter(({ text }) => text !== ''),
    ({ text }) => text,
  );
  if (told.size === 0) return html`<p class="nothing">No message and no error.</p>`;
  return dataTable(
    'What the page told shoppers',
    ['message', 'visits', 'first'],
    [...told].map(([text, all]) => [text, plainNumber(all.length), scenarioOffset(all[0]?.ended.scenarioMs ?? 0)]),
  );
}

function pictures(report: RunReport): Html | false {
  const shown = report.visits.flatMap((visit) => {
    const source = visit.picture === null ? undefined : report.pictures.get(visit.picture);
    return source === undefined ? [] : [{ visit, source }];
  });
  if (shown.length === 0) return false;
  return html`<div class="panels shoppers__pictures">${shown.map(({ visit, source }) => {
    const when = scenarioOffset(visit.ended.scenarioMs);
    const text = visit.outcome === 'bought' ? 'The first purchase' : 'The first purchase that failed';
    return html`<figure class="panel"><img src="${source}" alt="The storefront: ${text.toLowerCase()}${
      visit.message !== '' && `. It says: ${visit.message}`
    }" width="1100" height="720"><figcaption>${text}, ${when}</figcaption></figure>`;
  })}</div>`;
}

/** undefined where there are none. */
function middle(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
