/** The part of Prometheus' HTTP API that a run records from. Times in real milliseconds since the epoch. */
import { z } from 'zod';
import { FiredrillError, messageOf } from './errors.ts';
import type { Point, Series } from './journal.ts';
import type { Endpoint } from './stack/service.ts';

const sample = z.tuple([z.number(), z.string()]);
const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.object({
      resultType: z.string(),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          value: sample.optional(),
          values: z.array(sample).optional(),
        }),
      ),
    }),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

export interface Prometheus {
  /** Samples as scraped (no interpolation) of a selector, in (from, to]. */
  raw(selector: string, from: number, to: number): Promise<Series[]>;
  /** The expression evaluated each `step` from `from` to `to`. NaN (no division by nothing) is left out. */
  range(expr: string, from: number, to: number, step: number): Promise<Series[]>;
  /** Whether every target it knows has been scraped at least once, and it knows some. */
  scraping(): Promise<boolean>;
}

const targets = z.object({ data: z.object({ activeTargets: z.array(z.object({ lastScrape: z.string() })) }) });

/** Every call throws PROMETHEUS_UNREACHABLE when it is not there or refuses the query. */
export function prometheusAt({ host, port }: Endpoint): Prometheus {
  const ask = async (path: string, parameters: Record<string, string>): Promise<Series[]> => {
    let parsed: z.infer<typeof answer>;
    try {
      const response = await fetch(`http://${host}:${port}${path}`, {
        method: 'POST',
        body: new URLSearchParams(parameters),
        signal: AbortSignal.timeout(10_000),
      });
      parsed = answer.parse(await response.json());
    } catch (error) {
      throw new FiredrillError('PROMETHEUS_UNREACHABLE', `Prometheus did not answer ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    if (parsed.status === 'error') {
      throw new FiredrillError(
        'PROMETHEUS_UNREACHABLE',
        `Prometheus refused ${parameters.query}: ${parsed.errorType}: ${parsed.error}`,
      );
    }
    return parsed.data.result.map(({ metric, value, values }) => ({
      labels: metric,
      points: points(values ?? (value ? [value] : [])),
    }));
  };
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  return {
    raw: (selector, from, to) => {
      const window = Math.max(1, Math.round(to - from));
      return ask('/api/v1/query', { query: `${selector}[${window}ms]`, time: seconds(to) });
    },
    range: (expr, from, to, step) =>
      ask('/api/v1/query_range', { query: expr, start: seconds(from), end: seconds(to), step: seconds(step) }),
    scraping: async () => {
      const response = await fetch(`http://${host}:${port}/api/v1/targets?state=active`, {
        signal: AbortSignal.timeout(5_000),
      });
      const { activeTargets } = targets.parse(await response.json()).data;
      return activeTargets.length > 0 && activeTargets.every(({ lastScrape }) => Date.parse(lastScrape) > 0);
    },
  };
}

function points(values: readonly (readonly [number, string])[]): Point[] {
  const result: Point[] = [];
  for (const [time, text] of values) {
    const value = text === '+Inf' ? Number.MAX_VALUE : text === '-Inf' ? -Number.MAX_VALUE : Number(text);
    if (!Number.isNaN(value)) result.push([Math.round(time * 1000), value]);
  }
  return result;
}
