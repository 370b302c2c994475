import { plainNumber, realDuration } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { DriverReport, LoadReport } from '../run-json.ts';
import { figure, loadKey } from './charts.ts';
import { dataTable } from './table.ts';
import { type Html, html } from './template.ts';

/** What the drivers themselves measured: how much was sent, what came back, how late it was. All in real time. */
export function loadSection(report: RunReport): Html {
  const [first, ...more] = report.loads;
  return html`<section id="load" aria-labelledby="load-title">
    <h2 id="load-title">Load</h2>
    ${more.length === 0 ? oneLoad(report, first ?? report.load, 0) : report.loads.map((load, index) => html`<section class="group"><h3>${load.description}</h3>${oneLoad(report, load, index)}</section>`)}
  </section>`;
}

/** `index`: its place among the loads. */
function oneLoad(report: RunReport, { driver, description, totals }: LoadReport, index: number): Html {
  return html`<p class="note">${description}${driver !== '' && `, driver ${driver}`}. Counted and timed by the driver, in real
      time, ${timedFrom(driver)}.</p>
    ${totals === null ? html`<p class="nothing"><span aria-hidden="true">?</span> The load never drained, so nothing was counted to the end.</p>` : figures(totals)}
    <div class="panels">
      <article class="panel"><header class="panel__head"><h4>Latency</h4></header>
        ${figure(report, {
          title: `Latency as the driver saw it, ${description}`,
          unit: 'ms',
          keys: (['p50', 'p95', 'max'] as const).map((value) => ({ key: loadKey(index, value), legend: value })),
        })}</article>
      <article class="panel"><header class="panel__head"><h4>Failures and dropped iterations</h4></header>
        ${figure(report, {
          title: `Failures and dropped iterations, ${description}`,
          unit: '/s',
          keys: [
            { key: loadKey(index, 'errors'), legend: '5xx or no answer' },
            { key: loadKey(index, 'dropped'), legend: 'dropped' },
          ],
        })}</article>
      ${
        report.loadRuns[index]?.ticks.some(({ inUse }) => inUse !== undefined) &&
        html`<article class="panel"><header class="panel__head"><h4>Iterations in flight</h4></header>
        ${figure(report, {
          title: `Iterations in flight, ${description}`,
          unit: '',
          keys: [{ key: loadKey(index, 'inUse'), legend: driver === 'k6' ? 'VUs in use' : 'in flight' }],
        })}</article>`
      }
    </div>
    ${
      totals !== null &&
      html`<div class="panels">
        <article class="panel"><header class="panel__head"><h4>Answers</h4></header>${dataTable(
          `Answers by handler and status, ${description}`,
          ['handler', 'method', 'status', 'count'],
          totals.answers.map(({ handler, method, status, count }) => [handler, method, status, plainNumber(count)]),
        )}</article>
        <article class="panel"><header class="panel__head"><h4>What became of the journeys</h4></header>${dataTable(
          `Outcomes, ${description}`,
          ['outcome', 'count'],
          Object.entries(totals.outcomes).map(([outcome, count]) => [outcome, plainNumber(count)]),
        )}</article>
        ${totals.report !== null && ownFigures(totals.report, driver)}
      </div>`
    }`;
}

function figures(totals: NonNullable<LoadReport['totals']>): Html {
  const answered = totals.answers.reduce((sum, { count }) => sum + count, 0);
  const { latencyMs, startLagMs } = totals;
  const tiles: [string, string, string][] = [
    ['Iterations begun', plainNumber(totals.started), `of ${plainNumber(totals.scheduled)} scheduled`],
    ['Dropped', plainNumber(totals.dropped), 'for want of capacity'],
    ['Answers', plainNumber(answered), `${plainNumber(totals.unanswered)} requests without one`],
    ['Receipts', plainNumber(totals.receipts), 'acknowledged, none may be lost'],
    [
      'Latency p95',
      realDuration(latencyMs.p95),
      `p50 ${realDuration(latencyMs.p50)} · p99 ${realDuration(latencyMs.p99)}`,
    ],
    ['Start lag p99', lag(startLagMs.p99), `p50 ${lag(startLagMs.p50)} · max ${lag(startLagMs.max)}`],
  ];
  return html`<dl class="facts facts--tiles">${tiles.map(
    ([name, value, small]) => html`<div><dt>${name}</dt><dd>${value} <small>${small}</small></dd></div>`,
  )}</dl>`;
}

const timedFrom = (driver: string | undefined): string =>
  driver === 'k6'
    ? 'from the moment each request was sent, waiting for its connection included'
    : 'from the scheduled start of each iteration';

/** What the driver says of itself, and how its own limits fared. */
function ownFigures({ program, figures: own, thresholds }: DriverReport, driver: string): Html {
  return html`<article class="panel"><header class="panel__head"><h4>In ${driver}’s own words</h4></header>${dataTable(
    `What ${program} says of itself`,
    ['figure', 'value'],
    own.map(({ name, value, unit }) => [name, ownValue(value, unit)]),
  )}</article>
  ${
    thresholds.length > 0 &&
    html`<article class="panel"><header class="panel__head"><h4>Thresholds of ${driver}</h4></header>${dataTable(
      `Thresholds of ${program}`,
      ['threshold', 'value', ''],
      thresholds.map(({ metric, limit, value, held }) => [
        `${metric} ${limit}`,
        value === null ? '–' : ownValue(value, ''),
        held === null ? '? undecided' : held ? '✓ held' : '✗ crossed',
      ]),
    )}</article>`
  }`;
}

function ownValue(value: number, unit: DriverReport['figures'][number]['unit']): string {
  if (unit === 'ms') return realDuration(value);
  return unit === 'share' ? `${plainNumber(value * 100)} %` : plainNumber(value);
}

/** A generator's lag is told in tenths of a millisecond. */
const lag = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : realDuration(ms));
