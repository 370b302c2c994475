/**
 * Charts as the page holds them: a figure that says what it shows, with a table behind it; the samples lie once in the
 * page, whatever number of charts draws them.
 */
import type { Point, Series } from '../../harness/journal.ts';
import { plainNumber, realDuration, scenarioDuration } from '../format.ts';
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

/** Keys of the series made from the load drivers' ticks; a journal's own keys cannot begin like this by accident. */
export const LOAD_KEYS = {
  answered: '\u0000load/answered',
  errors: '\u0000load/errors',
  dropped: '\u0000load/dropped',
  p50: '\u0000load/p50',
  p95: '\u0000load/p95',
  max: '\u0000load/max',
  inUse: '\u0000load/in-use',
} as const;

/** The series under a key, of a query or of the load. */
export function seriesOf(report: RunReport, key: string): readonly Series[] {
  const { ticks } = report;
  const load = (value: (tick: (typeof ticks)[number]) => number | null): Series[] => [
    {
      labels: {},
      points: ticks.flatMap((tick) => {
        const y = value(tick);
        return y === null ? [] : [[tick.at, y] as Point];
      }),
    },
  ];
  const perSecond = (count: number, tickMs: number) => (tickMs > 0 ? (count * 1_000) / tickMs : 0);
  switch (key) {
    case LOAD_KEYS.answered:
      return load(({ answered, tickMs }) => perSecond(answered, tickMs));
    case LOAD_KEYS.errors:
      return load(({ serverErrors, unanswered, tickMs }) => perSecond(serverErrors + unanswered, tickMs));
    case LOAD_KEYS.dropped:
      return load(({ dropped, tickMs }) => perSecond(dropped, tickMs));
    case LOAD_KEYS.p50:
      return load(({ p50 }) => p50);
    case LOAD_KEYS.p95:
      return load(({ p95 }) => p95);
    case LOAD_KEYS.max:
      return load(({ max }) => max);
    case LOAD_KEYS.inUse:
      return load(({ inUse }) => inUse ?? null);
    default:
      return report.series.get(key) ?? [];
  }
}

/** Everything that the page's charts draw. */
export function pageData(report: RunReport): PageData {
  const { origin, speed, span } = report;
  const scenarioSeconds = (at: number) => Math.round((at - origin.at) * speed) / 1_000;
  const keys = new Set([
    ...Object.values(LOAD_KEYS),
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
