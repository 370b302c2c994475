/** k6's own options for a load: pure. */
import { FiredrillError } from '../../harness/errors.ts';
import type { RatePlan } from '../schedule.ts';
import { SCENARIO, SELECTOR } from './orders.ts';

/** As in k6's own options: { http_req_duration: ['p(95)<500'] }. */
export type Thresholds = Readonly<Record<string, readonly string[]>>;

export interface K6Load {
  readonly rate: RatePlan;
  /** Iterations in flight at the most: k6's VUs. */
  readonly capacity: number;
  readonly thresholds: Thresholds;
}

/** Control's own VU; see script.ts. */
export const CONTROL_VUS = 1;
const CONTROLS_PER_SECOND = 20;
/** One is the sign that the gate has closed; each late answer of the gate uses up one, the next later than the last. */
const CONTROL_SPARE_VUS = 50;
/** About as long as anything: the gate ends a load. */
const ENDLESS = '24h';
/** Gauges of k6 as a whole, which carry no tags. */
const UNTAGGED = new Set(['vus', 'vus_max']);
/** k6 keeps what nobody sets a limit on as well, where it is asked for by an empty list. */
const FIGURES = ['http_req_duration', 'http_req_failed', 'http_reqs', 'iterations', 'dropped_iterations'];
const STATISTICS = ['avg', 'min', 'med', 'max', 'p(50)', 'p(90)', 'p(95)', 'p(99)'];

/**
 * Every VU is there from the beginning: k6 adds one only after it had to drop an iteration for want of it, and a dropped
 * iteration is to mean that the capacity was exceeded. A VU is cheap: 1000 of them took half a second and, once each had sent
 * a request, 190 MB (k6 2.2).
 * `speed` shortens the stages and leaves the rates alone.
 */
export function optionsFor({ rate, capacity, thresholds }: K6Load, speed: number): object {
  const vus = { preAllocatedVUs: capacity, maxVUs: capacity };
  const common = { exec: 'visit', gracefulStop: '0s', tags: tagsOf(SELECTOR), ...vus };
  const rates = [rate.from, ...rate.stages.map(({ to }) => to)];
  const { unit, whole } = wholeRates(rates);
  const last = whole(rates.at(-1) ?? 0);
  const load =
    rate.stages.length === 0
      ? { executor: 'constant-arrival-rate', rate: last, timeUnit: unit, duration: ENDLESS }
      : {
          executor: 'ramping-arrival-rate',
          startRate: whole(rate.from),
          timeUnit: unit,
          stages: [
            ...rate.stages.map(({ to, overMs }) => ({ target: whole(to), duration: `${overMs / speed}ms` })),
            { target: last, duration: ENDLESS },
          ],
        };
  return {
    scenarios: {
      [SCENARIO]: { ...load, ...common },
      control: {
        executor: 'constant-arrival-rate',
        exec: 'control',
        rate: CONTROLS_PER_SECOND,
        timeUnit: '1s',
        duration: ENDLESS,
        gracefulStop: '0s',
        preAllocatedVUs: CONTROL_VUS,
        maxVUs: CONTROL_VUS + CONTROL_SPARE_VUS,
      },
    },
    thresholds: {
      ...Object.fromEntries(FIGURES.map((name) => [ownMetric(name), []])),
      ...Object.fromEntries(Object.entries(thresholds).map(([name, limits]) => [ownMetric(name), limits])),
    },
    summaryTrendStats: [...new Set([...STATISTICS, ...Object.values(thresholds).flat().flatMap(statisticOf)])],
    // A visitor's requests share a connection, and no two visitors do. k6's VUs take turns, so that a connection kept for
    // the VU's next visitor would be idle for just as long as a server waits before it closes one.
    noVUConnectionReuse: true,
    batch: 1_000,
    batchPerHost: 1_000,
    systemTags: ['scenario', 'name', 'method', 'status', 'error_code', 'expected_response'],
  };
}

/** The metric without what is control's: 'a{b:c}' becomes 'a{b:c,firedrill:load}'. */
export function ownMetric(name: string): string {
  const [, bare = name, selector = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(name.trim()) ?? [];
  if (UNTAGGED.has(bare)) return name;
  // What was never begun has no tags of its own, only its scenario's name.
  const own = bare === 'dropped_iterations' ? `scenario:${SCENARIO}` : SELECTOR;
  return `${bare}{${[selector, own].filter(Boolean).join(',')}}`;
}

/** Throws BAD_OPTION for a limit that is not one. k6 itself knows which statistics a metric has. */
export function checkThresholds(thresholds: Thresholds): void {
  for (const [metric, limits] of Object.entries(thresholds)) {
    const wrong = Array.isArray(limits) ? limits.find((limit) => !LIMIT.test(limit)) : limits;
    if (wrong === undefined && limits.length > 0) continue;
    throw new FiredrillError(
      'BAD_OPTION',
      `the k6 threshold of ${metric} is ${JSON.stringify(wrong ?? limits)}; expected a list of limits such as ['p(95)<500'], in milliseconds or shares.`,
    );
  }
}

const LIMIT = /^\s*(avg|min|med|max|count|rate|value|p\(\d+(?:\.\d+)?\))\s*(?:<=|>=|<|>|===?|!=)\s*-?\d+(?:\.\d+)?\s*$/;

/** 'p(95)' of 'p(95)<500'; nothing where it is no limit. */
export const statisticOf = (limit: string): string[] => {
  const statistic = LIMIT.exec(limit)?.[1];
  return statistic?.startsWith('p(') ? [statistic] : [];
};

/** The value that a limit looks at, by the name it has in k6's summary. */
export const lookedAt = (limit: string): string => LIMIT.exec(limit)?.[1] ?? '';

const tagsOf = (selector: string) => Object.fromEntries([selector.split(':')]);

/** k6 takes whole rates only: the smallest unit of time, in powers of ten, in which they are whole. */
function wholeRates(rates: readonly number[]): { unit: string; whole: (rate: number) => number } {
  let seconds = 1;
  const isWhole = (rate: number) => Math.abs(rate * seconds - Math.round(rate * seconds)) < 1e-9;
  while (seconds < 100_000 && !rates.every(isWhole)) seconds *= 10;
  return { unit: `${seconds}s`, whole: (rate) => Math.round(rate * seconds) };
}
