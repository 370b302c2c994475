/** A number over time that claims are made about: a quantile, a share, a rate, a value, or what a panel draws. */
import type { Expectation, Judgement, Needs, Query, View } from '../harness/expectation.ts';
import type { Floor, Labels, Point, Series } from '../harness/journal.ts';
import { type Plan, presenceOf } from '../harness/plan.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { bandOf, type Direction, enters, leaves } from './band.ts';
import { dominates, labelsText, standings } from './dominance.ts';
import { explain, readable, since, startOf } from './explain.ts';

export interface Signal {
  /** 'p95 of http_request_duration_seconds{handler="checkout"}' */
  readonly name: string;
  readonly kind: 'metric' | 'panel';
  readonly needs: Needs;
  /** Grafana's unit id, for people. */
  unit(plan: Plan): string;
  queries(plan: Plan): readonly Query[];
  /** How far back its queries look, scenario milliseconds. */
  lookBack(plan: Plan): number;
  readonly proves: Judgement['proves'];
}

/** A claim that still needs its deadline. */
export interface Claim {
  /** True at the latest this long after the phase began. */
  within(deadline: Duration): Expectation;
}

interface Shape {
  readonly title: string;
  /** 'above 2s' */
  readonly expected: string;
  readonly deadline: number | undefined;
  readonly comparesWithBaseline: boolean;
  readonly threshold?: number;
  /** Recorded beside the signal, for the judge. */
  also?(plan: Plan): readonly Query[];
  /** undefined while open. */
  judge(
    view: View,
    seen: Seen,
  ): Omit<Parameters<typeof explain>[0], 'expected' | 'query' | 'floor' | 'chart' | 'proves'> | undefined;
}

/** A series and what tells it apart. */
interface Told extends Series {
  readonly id: string;
}

interface Seen {
  readonly series: readonly Told[];
  readonly before: readonly Told[];
  readonly unit: string;
}

function expectation(signal: Signal, shape: Shape): Expectation {
  const floor = (plan: Plan): Floor => {
    const { scrape } = plan.intervals;
    const range = signal.lookBack(plan);
    return { scrape, range, evaluation: 0, for: 0, total: scrape + range };
  };
  return {
    kind: signal.kind,
    title: shape.title,
    deadline: shape.deadline,
    needs: { ...signal.needs, baseline: shape.comparesWithBaseline },
    queries: (plan) => [...signal.queries(plan), ...(shape.also?.(plan) ?? [])],
    floor,
    judge: (view) => {
      const queries = signal.queries(view.plan);
      // Two queries of a panel can answer with the same labels: a series is told apart by its query too.
      const within = (from: number, to: number): Told[] =>
        queries.flatMap((query) =>
          view.record.series(query, from, to).map((series) => ({ ...series, id: `${query.key} ${identity(series)}` })),
        );
      const limit =
        shape.deadline === undefined
          ? view.phase.end
          : Math.min(view.phase.end, view.phase.start + view.plan.clock.real(shape.deadline));
      const seen: Seen = {
        series: within(view.phase.start, limit),
        before: view.baseline ? within(view.baseline.start, view.baseline.end) : [],
        unit: signal.unit(view.plan),
      };
      const asked = Math.min(...queries.map((query) => view.record.until(query)));
      const over =
        view.ended ||
        (shape.deadline !== undefined &&
          view.phase.end >= view.phase.start + view.plan.clock.real(shape.deadline) &&
          asked >= limit);
      const answer = shape.judge({ ...view, ended: over }, seen);
      if (!answer) return undefined;
      // What samples show is certain; what their absence shows is not, where they were not asked for to the end.
      const certain = answer.decidedAt !== undefined || asked >= limit - slack(view.plan);
      const finding = certain || answer.verdict === 'unknown' ? answer : unseen(signal, view, asked);
      return explain({
        ...finding,
        expected: shape.expected,
        query: queries.map(({ expr }) => expr).join('\n'),
        ...(shape.deadline === undefined ? {} : { floor: floor(view.plan) }),
        chart: {
          keys: queries.map(({ key }) => key),
          unit: seen.unit,
          ...(shape.threshold === undefined ? {} : { threshold: shape.threshold }),
        },
        proves: signal.proves,
      });
    },
  };
}

/** Real ms by which the newest samples may be behind. */
const slack = ({ clock, intervals }: Plan): number => 4 * clock.real(intervals.scrape) + 500;

const unseen = (signal: Signal, view: View, asked: number) => ({
  verdict: 'unknown' as const,
  headline: `${signal.name} was not seen to the end`,
  received: asked < view.phase.start ? 'no samples' : `samples up to ${since(view, asked)} only`,
});

const noData = (signal: Signal, when: string) => ({
  verdict: 'unknown' as const,
  headline: `${signal.name} has no data ${when}`,
  received: `no samples ${when}`,
});

/** The highest (or lowest) value of all series. */
function extreme(
  series: readonly Series[],
  pick: (a: number, b: number) => boolean,
): { at: number; value: number } | undefined {
  let best: { at: number; value: number } | undefined;
  for (const [at, value] of series.flatMap(({ points }) => points))
    if (best === undefined || pick(value, best.value)) best = { at, value };
  return best;
}
const highest = (series: readonly Series[]) => extreme(series, (a, b) => a > b);
const lowest = (series: readonly Series[]) => extreme(series, (a, b) => a < b);

/** Goes above (or below) a threshold at some time before the deadline. */
export const crosses = (signal: Signal, side: 'above' | 'below', threshold: number, text: string): Claim => ({
  within: (deadline) =>
    expectation(signal, {
      title: `${signal.name} goes ${side} ${text} within ${deadline}`,
      expected: `${side} ${text} within ${deadline}`,
      deadline: milliseconds(deadline, `the deadline of ${signal.name}`),
      comparesWithBaseline: false,
      threshold,
      judge: (view, { series, unit }) => {
        const beyond = (value: number) => (side === 'above' ? value > threshold : value < threshold);
        const at = series
          .flatMap(({ points }) => points.filter(([, value]) => beyond(value)).slice(0, 1))
          .sort((a, b) => a[0] - b[0])[0];
        if (at) {
          return {
            verdict: 'held',
            headline: `${signal.name} goes ${side} ${text}`,
            received: `${readable(at[1], unit)} at ${since(view, at[0])}`,
            timeline: [{ at: at[0], what: `${side} ${text}` }],
            decidedAt: at[0],
          };
        }
        if (!view.ended) return undefined;
        const nearest = side === 'above' ? highest(series) : lowest(series);
        if (!nearest) return noData(signal, `in ${view.phase.title}`);
        return {
          verdict: 'broken',
          headline: `${signal.name} did not go ${side} ${text}`,
          received: `${side === 'above' ? 'at most' : 'at least'} ${readable(nearest.value, unit)}, at ${since(view, nearest.at)}`,
        };
      },
    }),
});

/** Never crosses the threshold while the phase lasts. */
export const stays = (signal: Signal, side: 'above' | 'below', threshold: number, text: string): Expectation =>
  expectation(signal, {
    title: `${signal.name} stays ${side} ${text}`,
    expected: `${side} ${text} for the whole phase`,
    deadline: undefined,
    comparesWithBaseline: false,
    threshold,
    judge: (view, { series, unit }) => {
      const worst = side === 'below' ? highest(series) : lowest(series);
      if (worst && (side === 'below' ? worst.value >= threshold : worst.value <= threshold)) {
        return {
          verdict: 'broken',
          headline: `${signal.name} did not stay ${side} ${text}`,
          received: `${readable(worst.value, unit)} at ${since(view, worst.at)}`,
          decidedAt: worst.at,
        };
      }
      if (!view.ended) return undefined;
      if (!worst) return noData(signal, `in ${view.phase.title}`);
      const last = Math.max(...series.map(({ points }) => points.at(-1)?.[0] ?? 0));
      if (last < view.phase.end - slack(view.plan)) return unseen(signal, view, last);
      return {
        verdict: 'held',
        headline: `${signal.name} stays ${side} ${text}`,
        received: `${side === 'below' ? 'at most' : 'at least'} ${readable(worst.value, unit)}`,
      };
    },
  });

/** Leaves the band of the baseline. */
export const departs = (signal: Signal, direction: Direction): Claim => ({
  within: (deadline) =>
    expectation(signal, {
      title: `${signal.name} ${direction} within ${deadline}`,
      expected: `${direction} out of its steady state within ${deadline}`,
      deadline: milliseconds(deadline, `the deadline of ${signal.name}`),
      comparesWithBaseline: true,
      judge: (view, { series, before, unit }) => {
        if (before.length === 0) return view.ended ? noData(signal, 'in the baseline') : undefined;
        const departures = series.flatMap(({ id, points }) => {
          const band = bandOf(pointsOf(before, id));
          // A series that the baseline did not have yet (a new label value) was 0 until now.
          const at = leaves(points, band ?? { low: 0, high: 0 }, direction);
          return at === undefined ? [] : [{ at, value: valueAt(points, at), band }];
        });
        const first = departures.sort((a, b) => a.at - b.at)[0];
        if (first) {
          const from = first.band
            ? `a baseline of ${readable(first.band.low, unit)} to ${readable(first.band.high, unit)}`
            : 'nothing';
          return {
            verdict: 'held',
            headline: `${signal.name} ${direction}`,
            received: `${readable(first.value, unit)} at ${since(view, first.at)}, from ${from}`,
            timeline: [{ at: first.at, what: 'left its steady state' }],
            decidedAt: first.at,
          };
        }
        if (!view.ended) return undefined;
        const [low, high] = [lowest(series), highest(series)];
        if (!low || !high) return noData(signal, `in ${view.phase.title}`);
        const band = bandOf(before.flatMap(({ points }) => points));
        return {
          verdict: 'broken',
          headline: `${signal.name} did not ${direction === 'moves' ? 'move' : direction.replace(/s$/, '')}`,
          received: `${readable(low.value, unit)} to ${readable(high.value, unit)}, within its steady state${band ? ` of ${readable(band.low, unit)} to ${readable(band.high, unit)}` : ''}`,
        };
      },
    }),
});

/** Is back in the band of the baseline and stays a while. */
export const comesBack = (signal: Signal): Claim => ({
  within: (deadline) =>
    expectation(signal, {
      title: `${signal.name} returns to its baseline within ${deadline}`,
      expected: `back in its steady state within ${deadline} of the heal`,
      deadline: milliseconds(deadline, `the deadline of ${signal.name}`),
      comparesWithBaseline: true,
      judge: (view, { series, before, unit }) => {
        if (before.length === 0) return view.ended ? noData(signal, 'in the baseline') : undefined;
        const returns = before.map(({ id, points }) => {
          const band = bandOf(points);
          const now = pointsOf(series, id);
          return { band, now, at: band ? enters(now, band) : undefined };
        });
        const late = returns.find(({ at }) => at === undefined);
        if (!late) {
          const at = Math.max(...returns.map((entry) => entry.at ?? 0));
          return {
            verdict: 'held',
            headline: `${signal.name} returns to its baseline`,
            received: `back at ${since(view, at)}`,
            timeline: [{ at, what: 'back in its steady state' }],
            decidedAt: at,
          };
        }
        if (!view.ended) return undefined;
        const last = late.now.at(-1);
        if (!last) return noData(signal, `after ${startOf(view)}`);
        return {
          verdict: 'broken',
          headline: `${signal.name} did not return to its baseline`,
          received: `${readable(last[1], unit)} at ${since(view, last[0])}, its steady state is ${readable(late.band?.low ?? 0, unit)} to ${readable(late.band?.high ?? 0, unit)}`,
        };
      },
    }),
});

/** The series with these labels make up more than half of the sum of all, for three samples in a row. */
export const dominated = (signal: Signal, labels: Labels): Claim => ({
  within: (deadline) => {
    const name = labelsText(labels);
    return expectation(signal, {
      title: `${signal.name} is dominated by ${name} within ${deadline}`,
      expected: `more than half of it is ${name}, for three samples in a row, within ${deadline}`,
      deadline: milliseconds(deadline, `the deadline of ${signal.name}`),
      comparesWithBaseline: false,
      judge: (view, { series }) => {
        const moments = standings(series, labels);
        const first = dominates(moments);
        const percent = (share: number) => readable(share, 'percentunit');
        if (first) {
          const most = Math.max(...moments.map(({ share }) => share));
          return {
            verdict: 'held',
            headline: `${signal.name} is dominated by ${name}`,
            received: `${name} has ${percent(first.share)} at ${since(view, first.at)}, ${percent(most)} at the most`,
            timeline: [{ at: first.at, what: `${percent(first.share)} are ${name}` }],
            decidedAt: first.at,
          };
        }
        if (!view.ended) return undefined;
        const best = moments.toSorted((a, b) => b.share - a.share)[0];
        if (!best) return noData(signal, `in ${view.phase.title}`);
        const { rival } = best;
        if (best.share === 0 && !rival?.share) {
          return { verdict: 'broken', headline: `${signal.name} is 0 throughout`, received: 'every series is 0' };
        }
        const other = rival ? `${labelsText(rival.labels)} has ${percent(rival.share)}` : 'there is no other';
        return {
          verdict: 'broken',
          headline:
            rival && rival.share > best.share
              ? `${signal.name} is led by ${labelsText(rival.labels)}, not by ${name}`
              : `${signal.name} was not dominated by ${name}`,
          received: `at its most, ${since(view, best.at)}, ${name} has ${percent(best.share)} and ${other}`,
        };
      },
    });
  },
});

/** Has at least one sample in the phase. `sources`: the metrics it reads. */
export const hasSamples = (signal: Signal, sources: (plan: Plan) => readonly string[]): Expectation =>
  expectation(signal, {
    also: (plan) => sources(plan).map(presenceOf),
    title: `${signal.name} has data`,
    expected: 'data',
    deadline: undefined,
    comparesWithBaseline: false,
    judge: (view, { series }) => {
      const samples = series.reduce((sum, { points }) => sum + points.length, 0);
      if (samples > 0)
        return view.ended
          ? {
              verdict: 'held',
              headline: `${signal.name} has data`,
              received: `${samples} samples in ${series.length} series`,
              decidedAt: Math.min(...series.flatMap(({ points }) => points[0]?.[0] ?? [])),
            }
          : undefined;
      if (!view.ended) return undefined;
      const { record, plan, phase } = view;
      // A query that finds nothing in what is there is broken; one whose metrics nobody delivers cannot be told.
      const missing = sources(plan).filter(
        (metric) =>
          plan.metricLabels.has(metric) && record.series(presenceOf(metric), phase.start, phase.end).length === 0,
      );
      return missing.length > 0
        ? { ...noData(signal, `in ${phase.title}`), received: `Prometheus has no series ${missing.join(', ')}` }
        : { ...noData(signal, `in ${phase.title}`), verdict: 'broken', headline: `${signal.name} is empty` };
    },
  });

const pointsOf = (series: readonly Told[], id: string): readonly Point[] =>
  series.find((candidate) => candidate.id === id)?.points ?? [];
const identity = ({ labels }: Series) => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
const valueAt = (points: readonly Point[], at: number) => points.find(([time]) => time === at)?.[1] ?? 0;
