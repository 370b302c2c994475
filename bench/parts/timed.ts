/**
 * Telemetry that times each of its own recordings where they happen: with the caches as the app left them, which a tight
 * loop over one recording would not have. What timing nothing takes, in the same places, is measured along and taken off.
 */
import type { Telemetry } from '../../sut/flash-sale/telemetry.ts';

export interface Timed {
  readonly telemetry: Telemetry;
  /** Recordings so far, and what a typical one takes. */
  spent(): RecordingTimes;
}

export interface RecordingTimes {
  /** By recorder and method: 'http.record'. Times in µs. */
  readonly [method: string]: { readonly count: number; readonly medianMicroseconds: number };
}

const KEPT = 20_000;

/** `watch` and the rest of telemetry work at the scrape, not at the request; they pass through. */
export function timed(telemetry: Telemetry): Timed {
  const durations = new Map<string, { count: number; readonly newest: number[] }>();
  const wrap = <Recorder extends object>(owner: string, recorder: Recorder): Recorder =>
    new Proxy(recorder, {
      get(target, method) {
        const record: unknown = Reflect.get(target, method);
        if (typeof record !== 'function' || method === 'watch') return record;
        const name = `${owner}.${String(method)}`;
        const times = durations.get(name) ?? { count: 0, newest: [] };
        durations.set(name, times);
        return (...values: unknown[]) => {
          const began = performance.now();
          record.apply(target, values);
          const ended = performance.now();
          const nothing = performance.now() - ended;
          times.newest[times.count % KEPT] = ended - began - nothing;
          times.count += 1;
        };
      },
    });
  return {
    telemetry: {
      ...telemetry,
      http: telemetry.http && wrap('http', telemetry.http),
      database: wrap('database', telemetry.database),
      redis: wrap('redis', telemetry.redis),
      locks: wrap('locks', telemetry.locks),
      sales: wrap('sales', telemetry.sales),
    },
    spent: () =>
      Object.fromEntries(
        [...durations]
          .filter(([, { count }]) => count > 0)
          .map(([name, { count, newest }]) => [name, { count, medianMicroseconds: typical(newest) * 1_000 }]),
      ),
  };
}

/** The median: a recording during which the process lost its processor says nothing about recording. */
function typical(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
