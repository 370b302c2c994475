/** A journey, ready to be sent at a rate, along a ramp, or as fast as the system answers. */
import { FiredrillError } from '../harness/errors.ts';
import type { Load } from '../harness/load.ts';
import { suggest } from '../harness/suggest.ts';
import type { Rate } from '../harness/units.ts';
import type { JourneyReference } from './journey.ts';
import { checkThresholds, type Thresholds } from './k6/options.ts';
import { locateK6 } from './k6/program.ts';
import { constantRate, type RatePlan, rampingRate, type Stage } from './schedule.ts';
import { startInThread } from './thread.ts';

export interface TrafficOptions {
  /**
   * Iterations in flight at the most, default 1000; an iteration that is due beyond it is dropped and reported. A
   * connection each, so mind the limit on open files.
   */
  readonly capacity?: number;
}

/** Visitors that arrive when they are due: any of the open-model drivers can send them. */
export interface OpenLoad extends Load {
  readonly model: 'open';
  under(driver: string, options?: K6Options): OpenLoad;
}

export interface K6Options {
  /** Limits on k6's own metrics, in k6's words: { http_req_duration: ['p(95)<500'] }, milliseconds. Judged one by one. */
  readonly thresholds?: Thresholds;
}

export interface Traffic {
  /** An open model at a constant arrival rate, iterations a real second. Throws BAD_UNIT, BAD_OPTION. */
  at(rate: Rate, options?: TrafficOptions): OpenLoad;
  /**
   * An open model whose rate moves in straight lines, from `from` (default '0/s') through the stages; the last rate is
   * kept. `over` is scenario time, rates are real. Throws BAD_UNIT, BAD_OPTION.
   */
  ramping(stages: readonly Stage[], options?: TrafficOptions & { readonly from?: Rate }): OpenLoad;
  /** A closed loop: each connection sends its next request as soon as the last is answered. Throws BAD_OPTION. */
  saturating(options?: { readonly connections?: number }): Load;
}

/** The drivers of open models: what --load takes. */
export const OPEN_DRIVERS = ['arrivals', 'k6'] as const;
export type OpenDriver = (typeof OPEN_DRIVERS)[number];

const DEFAULT_CAPACITY = 1_000;
const DEFAULT_CONNECTIONS = 32;

/** `until`: the outcome after which a saturating connection sends no other visitor. */
export function traffic(name: string, journey: JourneyReference, { until }: { until?: string } = {}): Traffic {
  const open = (description: string, rate: RatePlan, { capacity = DEFAULT_CAPACITY }: TrafficOptions): OpenLoad =>
    openLoad(description, journey, { rate, capacity: wholeNumber(capacity, 'capacity') });
  return {
    at: (rate, options = {}) => open(`${name} at ${rate}`, constantRate(rate), options),
    ramping: (stages, { from = '0/s', ...options } = {}) =>
      open(`${name} ramping ${from}${stages.map(toText).join('')}`, rampingRate(stages, from), options),
    saturating({ connections = DEFAULT_CONNECTIONS } = {}) {
      const plan = {
        driver: 'autocannon' as const,
        connections: wholeNumber(connections, 'connections'),
        ...(until === undefined ? {} : { until }),
      };
      return {
        driver: plan.driver,
        model: 'closed',
        description: `${name}, ${connections} connections, as fast as it goes`,
        start: (target, onTick) => startInThread({ plan, journey, target }, onTick),
      };
    },
  };
}

/** The load, sent by k6: `k6(buyers.at('40/s'), { thresholds: { http_req_duration: ['p(95)<500'] } })`. Throws BAD_OPTION. */
export function k6(load: OpenLoad, options: K6Options = {}): OpenLoad {
  if (load.under === undefined) {
    throw new FiredrillError(
      'BAD_OPTION',
      `k6(${load.description}): k6 sends visitors at a rate; expected at() or ramping(). A closed loop stays with ${load.driver}.`,
    );
  }
  return load.under('k6', options);
}

interface OpenPlan {
  readonly rate: RatePlan;
  readonly capacity: number;
}

function openLoad(
  description: string,
  journey: JourneyReference,
  plan: OpenPlan,
  driver: OpenDriver = 'arrivals',
  { thresholds = {} }: K6Options = {},
): OpenLoad {
  checkThresholds(thresholds);
  const common = {
    driver,
    model: 'open' as const,
    description,
    under: (other: string, options: K6Options = { thresholds }) =>
      openLoad(description, journey, plan, openDriver(other), options),
  };
  if (driver === 'arrivals') {
    return {
      ...common,
      start: (target, onTick) => startInThread({ plan: { driver, ...plan }, journey, target }, onTick),
    };
  }
  return {
    ...common,
    thresholds,
    prepare: async (say) => ({ k6: (await locateK6(say)).version }),
    start: async (target, onTick) =>
      startInThread({ plan: { driver, ...plan, thresholds, program: await locateK6() }, journey, target }, onTick),
  };
}

/** Throws BAD_OPTION for a name that is no driver of open models. */
export function openDriver(name: string): OpenDriver {
  const known = OPEN_DRIVERS.find((driver) => driver === name);
  if (known !== undefined) return known;
  throw new FiredrillError(
    'BAD_OPTION',
    `--load is '${name}'; expected one of ${OPEN_DRIVERS.join(', ')}${suggest(name, OPEN_DRIVERS) || '.'}`,
  );
}

const toText = ({ to, over }: Stage): string => ` → ${to} over ${over}`;

/** Throws BAD_OPTION for anything but a whole number above 0. */
export function wholeNumber(value: number, name: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new FiredrillError('BAD_OPTION', `${name} is ${JSON.stringify(value)}; expected a whole number above 0.`);
}
