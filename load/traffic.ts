/** A journey, ready to be sent at a rate, along a ramp, or as fast as the system answers. */
import { FiredrillError } from '../harness/errors.ts';
import type { Load } from '../harness/load.ts';
import type { Rate } from '../harness/units.ts';
import type { Plan } from './driver.ts';
import type { JourneyReference } from './journey.ts';
import { constantRate, type RatePlan, rampingRate, type Stage } from './schedule.ts';
import { startInThread } from './thread.ts';

export interface TrafficOptions {
  /**
   * Iterations in flight at the most, default 1000; an iteration that is due beyond it is dropped and reported. A
   * connection each, so mind the limit on open files.
   */
  readonly capacity?: number;
}

export interface Traffic {
  /** An open model at a constant arrival rate, iterations a real second. Throws BAD_UNIT, BAD_OPTION. */
  at(rate: Rate, options?: TrafficOptions): Load;
  /**
   * An open model whose rate moves in straight lines, from `from` (default '0/s') through the stages; the last rate is
   * kept. `over` is scenario time, rates are real. Throws BAD_UNIT, BAD_OPTION.
   */
  ramping(stages: readonly Stage[], options?: TrafficOptions & { readonly from?: Rate }): Load;
  /** A closed loop: each connection sends its next request as soon as the last is answered. Throws BAD_OPTION. */
  saturating(options?: { readonly connections?: number }): Load;
}

const DEFAULT_CAPACITY = 1_000;
const DEFAULT_CONNECTIONS = 32;

/** `until`: the outcome after which a saturating connection sends no other visitor. */
export function traffic(name: string, journey: JourneyReference, { until }: { until?: string } = {}): Traffic {
  const load = (description: string, plan: Plan): Load => ({
    driver: plan.driver,
    description,
    start: (target, onTick) => startInThread({ plan, journey, target }, onTick),
  });
  const open = (description: string, rate: RatePlan, { capacity = DEFAULT_CAPACITY }: TrafficOptions): Load =>
    load(description, { driver: 'arrivals', rate, capacity: wholeNumber(capacity, 'capacity') });
  return {
    at: (rate, options = {}) => open(`${name} at ${rate}`, constantRate(rate), options),
    ramping: (stages, { from = '0/s', ...options } = {}) =>
      open(`${name} ramping ${from}${stages.map(toText).join('')}`, rampingRate(stages, from), options),
    saturating: ({ connections = DEFAULT_CONNECTIONS } = {}) =>
      load(`${name}, ${connections} connections, as fast as it goes`, {
        driver: 'autocannon',
        connections: wholeNumber(connections, 'connections'),
        ...(until === undefined ? {} : { until }),
      }),
  };
}

const toText = ({ to, over }: Stage): string => ` → ${to} over ${over}`;

/** Throws BAD_OPTION for anything but a whole number above 0. */
export function wholeNumber(value: number, name: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new FiredrillError('BAD_OPTION', `${name} is ${JSON.stringify(value)}; expected a whole number above 0.`);
}
