/**
 * Charts as the page holds them: a figure that says what it shows, with a table behind it; the samples lie once in the
 * page, whatever number of charts draws them.
 */
import type { Point, Series } from '../../harness/journal.ts';
import { plainNumber, realDuration, scenarioDuration } from '../format.ts';
import { lanesOf } from '../model/loads.ts';
import type { RunReport } from '../model.ts';
import { downsample, gaps } from './downsample.ts';
import type { ChartSpec, DrawnSeries, PageData } from './page-data.ts';
import { type Html, html } from './template.ts';

/** Enough for every pixel of a chart to have its lowest and highest sample. */
const DRAWN_POINTS = 800;

interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly keys: ChartSpec['keys'];
  readonly threshold?: number | null;
  readonly kind?: ChartSpec['kind'];
}

/** A figure; where nothing was recorded it says so in place of an empty chart. */
export function figure(report: RunReport, { title, unit, keys, threshold = null, kind = 'plain' }: Figure): Html {
  const present = keys.filter(({ key }) => hasPoints(seriesOf(report, key)));
  if (present.length === 0) {
    return html`<p class="nothing"><span aria-hidden="true">?</span> No samples were recorded for this chart.</p>`;
  }
  const thinned = present
    .flatMap(({ key }) => seriesOf(report, key))
    .filter(({ points }) => points.length > DRAWN_POINTS);
  const spec: ChartSpec = { unit, keys: present, threshold, kind };
  const missing = keys.length - present.length;
  return html`<figure class="chart chart--${kind}" data-chart="${JSON.stringify(spec)}" data-title="${title}">
    <div class="chart__canvas"></div>
    <p class="chart__readout" aria-live="polite"></p>
    <div class="chart__legend" role="group" aria-label="Series of ${title}"></div>
    ${missing > 0 && html`<p class="note">${missing} of ${keys.length} queries gave no samples.</p>`}
    ${
      thinned.length > 0 &&
      html`<p class="note">Drawn from ${plainNumber(DRAWN_POINTS)} of
        ${plainNumber(Math.max(...thinned.map(({ points }) => points.length)))} samples a series, lowest and highest
        kept; journal.jsonl has all.</p>`
    }
    <details class="data"><summary>Data table<span class="visually-hidden"> of ${title}</span></summary>
      <div class="scroll" role="region" tabindex="0" aria-label="Data of ${title}"></div>
    </details>
  </figure>`;
}

/** What is drawn of a load's ticks. */
const FROM_TICKS = {
  answered: ({ answered, tickMs }) => perSecond(answered, tickMs),
  errors: ({ serverErrors, unanswered, tickMs }) => perSecond(serverErrors + unanswered, tickMs),
  dropped: ({ dropped, tickMs }) => perSecond(dropped, tickMs),
  p50: ({ p50 }) => p50,
  p95: ({ p95 }) => p95,
  max: ({ max }) => max,
  inUse: ({ inUse }) => inUse ?? null,
} as const satisfies Record<string, (tick: Tick) => number | null>;
type Tick = RunReport['loadRuns'][number]['ticks'][number];
type TickValue = keyof typeof FROM_TICKS;

const perSecond = (count: number, tickMs: number) => (tickMs > 0 ? (count * 1_000) / tickMs : 0);

/** A journal's own keys cannot begin like this by accident. */
const MADE = '\u0000';
/** The key of a value of one load, by its place in the order in which loads began. */
export const loadKey = (load: number, value: TickValue): string => `${MADE}load/${load}/${value}`;
/** The key of the answers or failures in one of the timeline's lanes. */
export const laneKey = (lane: number, value: 'answered' | 'errors'): string => `${MADE}lane/${lane}/${value}`;
/** The key of the visits that ended so; their values are the milliseconds a shopper waited. */
export const visitsKey = (outcome: Visit['outcome']): string => `${MADE}visits/${outcome}`;
type Visit = RunReport['visits'][number];
const OUTCOMES: readonly Visit['outcome'][] = ['bought', 'refused', 'gave up'];

/** What is not recorded as samples and yet drawn: loads and visits. */
function madeSeries(report: RunReport): ReadonlyMap<string, readonly Series[]> {
  const known = madeFor.get(report);
  if (known) return known;
  const made = new Map<string, Series[]>();
  const values = Object.entries(FROM_TICKS) as [TickValue, (tick: Tick) => number | null][];
  const points = (ticks: readonly Tick[], value: (tick: Tick) => number | null) =>
    ticks.flatMap((tick): Point[] => {
      const y = value(tick);
      return y === null ? [] : [[tick.at, y]];
    });
  for (const [index, { ticks }] of report.loadRuns.entries()) {
    for (const [name, value] of values) made.set(loadKey(index, name), [{ labels: {}, points: points(ticks, value) }]);
  }
  for (const [index, lane] of lanesOf(report.loadRuns).entries()) {
    const ticks = lane.flatMap((load) => load.ticks);
    for (const name of ['answered', 'errors'] as const)
      made.set(laneKey(index, name), [{ labels: {}, points: points(ticks, FROM_TICKS[name]) }]);
  }
  for (const outcome of OUTCOMES) {
    const visits = report.visits.filter((visit) => visit.outcome === outcome);
    if (visits.length === 0) continue;
    made.set(visitsKey(outcome), [
      {
        labels: {},
        points: visits.map(({ ended, began, waitedMs }): Point => [ended.at, waitedMs ?? ended.at - began.at]),
      },
    ]);
  }
  madeFor.set(report, made);
  return made;
}

const madeFor = new WeakMap<RunReport, ReadonlyMap<string, readonly Series[]>>();

/** The series under a key, of a query, a load or the shoppers. */
export function seriesOf(report: RunReport, key: string): readonly Series[] {
  return (key.startsWith(MADE) ? madeSeries(report).get(key) : report.series.get(key)) ?? [];
}

/** Everything that the page's charts draw. */
export function pageData(report: RunReport): PageData {
  const { origin, speed, span } = report;
  const scenarioSeconds = (at: number) => Math.round((at - origin.at) * speed) / 1_000;
  const keys = new Set([
    ...madeSeries(report).keys(),
    ...report.panels.flatMap(({ queries }) => queries.map(({ key }) => key)),
    ...report.judgements.flatMap(({ judgements }) => judgements.flatMap(({ chart }) => chart?.keys ?? [])),
  ]);
  return {
    speed,
    from: span.from.scenarioMs / 1_000,
    to: span.to.scenarioMs / 1_000,
    originRealMs: origin.at - report.started.at,
    bands: report.faults.flatMap(({ name, from, to }) =>
      from === null
        ? []
        : [{ from: from.scenarioMs / 1_000, to: (to ?? span.to).scenarioMs / 1_000, label: `fault: ${name}` }],
    ),
    series: Object.fromEntries(
      [...keys].map((key) => [key, seriesOf(report, key).map((series) => drawn(series, scenarioSeconds))]),
    ),
  };
}

function drawn({ labels, points }: Series, scenarioSeconds: (at: number) => number): DrawnSeries {
  const breaks = gaps(points);
  const x: number[] = [];
  const y: (number | null)[] = [];
  for (const [at, value] of downsample(points, DRAWN_POINTS)) {
    x.push(scenarioSeconds(at));
    y.push(Number.isFinite(value) ? Number(value.toPrecision(6)) : null);
    if (breaks.has(at)) {
      x.push(scenarioSeconds(at) + 0.001);
      y.push(null);
    }
  }
  return { labels, x, y, samples: points.length };
}

const hasPoints = (series: readonly Series[]): boolean => series.some(({ points }) => points.length > 0);

/** What the axes count, in one line. */
export function axisNote({ origin, speed }: RunReport): string {
  const from = origin.what === 'fault' ? 'the fault' : 'the start of the first phase';
  return speed === 1
    ? `Times count from ${from}.`
    : `Times count from ${from}, in scenario time. It ran ${speed} times faster than real time, so ` +
        `${scenarioDuration(60_000)} on an axis took ${realDuration(60_000 / speed)}. Rates and request latencies are real.`;
}
