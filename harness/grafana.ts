/**
 * Where Grafana is up, every panel's queries are also asked through it, the way a browser asks, and must be answered as
 * Prometheus answers them. What the harness judges by (PromQL with the variables filled in) is then what a person sees.
 *
 * Source of the formats: https://grafana.com/docs/grafana/latest/developers/http_api/data_source/ (POST /api/ds/query),
 * and the data frames its answers consist of.
 */
import { z } from 'zod';
import { FiredrillError, messageOf } from './errors.ts';
import type { Point, Series } from './journal.ts';
import type { FullJudgement } from './judge.ts';
import { onTheClock, type Plan } from './plan.ts';
import type { Prometheus } from './prometheus.ts';
import type { Endpoint } from './stack/service.ts';

/** The service's name among a system's extras, and the data source's id in monitoring/grafana/provisioning. */
export const GRAFANA = 'grafana';
const DATASOURCE_UID = 'prometheus';
/** Names the observation in the journal. */
export const GRAFANA_AGREES = 'Grafana draws what Prometheus holds';

const MOST_SHOWN = 3;
/** Answers are floating-point numbers that went through JSON twice. */
const TOLERANCE = 1e-9;

const frames = z.object({
  results: z.record(
    z.string(),
    z.object({
      error: z.string().optional(),
      frames: z
        .array(
          z.object({
            schema: z.object({
              fields: z.array(z.object({ labels: z.record(z.string(), z.string()).nullish() })),
            }),
            data: z.object({ values: z.array(z.array(z.number().nullable())) }),
          }),
        )
        .optional(),
    }),
  ),
});

export interface Grafana {
  /** As Prometheus.range(); throws PROMETHEUS_UNREACHABLE where Grafana does not answer, or answers with an error. */
  range(expr: string, from: number, to: number, step: number): Promise<Series[]>;
}

export function grafanaAt({ host, port }: Endpoint): Grafana {
  return {
    async range(expr, from, to, step) {
      const query = {
        refId: 'A',
        datasource: { type: 'prometheus', uid: DATASOURCE_UID },
        expr,
        range: true,
        instant: false,
        interval: `${step}ms`,
        intervalMs: step,
        maxDataPoints: Math.ceil((to - from) / step) + 1,
      };
      try {
        const response = await fetch(`http://${host}:${port}/api/ds/query`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ queries: [query], from: String(from), to: String(to) }),
          signal: AbortSignal.timeout(10_000),
        });
        const answer = frames.parse(await response.json()).results.A;
        if (answer === undefined || answer.error !== undefined)
          throw new Error(answer?.error ?? 'no answer to the query');
        return (answer.frames ?? []).map(({ schema, data: { values } }) => ({
          labels: schema.fields[1]?.labels ?? {},
          points: pointsOf(values[0] ?? [], values[1] ?? []),
        }));
      } catch (error) {
        throw new FiredrillError('PROMETHEUS_UNREACHABLE', `Grafana did not answer ${expr}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
  };
}

function pointsOf(times: readonly (number | null)[], values: readonly (number | null)[]): Point[] {
  return times.flatMap((time, index): Point[] => {
    const value = values[index];
    return time === null || value === null || value === undefined ? [] : [[time, value]];
  });
}

/** Facts for the journal: how many panel queries were asked, and on which the two differ. Real ms. */
export async function compareWithGrafana(
  plan: Plan,
  prometheus: Prometheus,
  grafana: Grafana,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Readonly<Record<string, unknown>>> {
  const step = Math.round(plan.clock.real(plan.intervals.scrape));
  // Grafana moves a range to whole steps since the epoch; asked in whole steps, both mean the same times.
  const [start, end] = [Math.ceil(from / step) * step, Math.floor(to / step) * step];
  const asked = plan.panels.flatMap(({ dashboard, panel, queries }) =>
    queries.map((query) => ({ name: `${dashboard} / ${panel}`, expr: onTheClock(plan, query) })),
  );
  const differences: string[] = [];
  for (const { name, expr } of asked) {
    const [theirs, ours] = await Promise.all([
      grafana.range(expr, start, end, step),
      prometheus.range(expr, start, end, step),
    ]);
    const difference = differenceOf(theirs, ours);
    if (difference !== undefined) differences.push(`${name}: ${difference}`);
  }
  return { asked: asked.length, differences };
}

/** undefined where they are the same series with the same points. */
export function differenceOf(grafana: readonly Series[], prometheus: readonly Series[]): string | undefined {
  const byLabels = (series: readonly Series[]) =>
    new Map(
      series
        .map((one) => [identity(one), one.points.filter(isDrawn)] as const)
        .filter(([, points]) => points.length > 0),
    );
  const [theirs, ours] = [byLabels(grafana), byLabels(prometheus)];
  if (theirs.size !== ours.size) return `Grafana draws ${theirs.size} series, Prometheus has ${ours.size}`;
  for (const [labels, points] of ours) {
    const drawn = theirs.get(labels);
    if (drawn === undefined) return `Grafana does not draw ${labels}`;
    if (drawn.length !== points.length)
      return `${labels} has ${drawn.length} points in Grafana, ${points.length} in Prometheus`;
    const at = points.findIndex((point, index) => !same(point, drawn[index]));
    if (at >= 0) return `${labels} is ${drawn[at]?.[1]} in Grafana, ${points[at]?.[1]} in Prometheus`;
  }
  return undefined;
}

/** JSON has no infinity: a frame leaves such a point out, and a chart has no place for it. */
const isDrawn = ([, value]: Point): boolean => Math.abs(value) < Number.MAX_VALUE;

const same = ([time, value]: Point, other: Point | undefined): boolean =>
  other !== undefined && time === other[0] && Math.abs(value - other[1]) <= TOLERANCE * Math.max(1, Math.abs(value));

/** `__name__` is in Prometheus' labels and in the frame's own name in Grafana's. */
const identity = ({ labels }: Series): string => {
  const entries = Object.entries(labels).filter(([name]) => name !== '__name__');
  return `{${entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}="${value}"`)}}`;
};

/** Pure. Nothing where Grafana was not asked. */
export function judgeGrafana(facts: Readonly<Record<string, unknown>> | undefined): FullJudgement[] {
  if (facts === undefined) return [];
  const differences = Array.isArray(facts.differences) ? (facts.differences as string[]) : undefined;
  const known = differences !== undefined && typeof facts.asked === 'number' && facts.asked > 0;
  const verdict = !known ? 'unknown' : differences.length === 0 ? 'held' : 'broken';
  const more = (differences?.length ?? 0) - MOST_SHOWN;
  return [
    {
      id: 'grafana',
      kind: 'panel',
      phase: null,
      title: GRAFANA_AGREES,
      verdict,
      headline:
        verdict === 'broken'
          ? `Grafana draws something else than Prometheus holds in ${differences?.length} queries`
          : GRAFANA_AGREES,
      expected: 'for every query of every panel, the same series with the same points',
      received: !known
        ? `it could not be asked: ${String(facts.failure ?? 'no queries')}`
        : differences.length === 0
          ? `${facts.asked} queries, all the same`
          : `${differences.slice(0, MOST_SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
      timeline: [],
      proves: {},
    },
  ];
}
