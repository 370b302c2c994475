/**
 * When iterations are due. The arrival rate is a piecewise linear function of time; an iteration is due each time its
 * integral passes a whole number. Pure: no clock, no timers.
 */
import { FiredrillError } from '../harness/errors.ts';
import { type Duration, milliseconds, perSecond, type Rate } from '../harness/units.ts';

/** The rate moves in a straight line to `to` within `over` (scenario time); '0s' jumps. */
export interface Stage {
  readonly to: Rate;
  readonly over: Duration;
}

/** Plain data, so that it can be handed to the load's own thread. Rates per real second, lengths in scenario ms. */
export interface RatePlan {
  readonly from: number;
  readonly stages: readonly { readonly to: number; readonly overMs: number }[];
}

export interface Schedule {
  /** Real milliseconds from the start to the arrival with this number (0, 1, …); Infinity where it never comes. */
  dueAt(index: number): number;
  /** Arrivals due within the first `ms` real milliseconds, as a real number. */
  expectedBy(ms: number): number;
}

/** Throws BAD_UNIT for a bad rate. */
export const constantRate = (rate: Rate): RatePlan => ({ from: positive(rate, 'the arrival rate'), stages: [] });

/**
 * From `from` through the stages in order; the last rate is kept until the load is stopped.
 * Throws BAD_UNIT for a bad rate or duration, BAD_OPTION where there is nothing to ramp to.
 */
export function rampingRate(stages: readonly Stage[], from: Rate = '0/s'): RatePlan {
  if (stages.length === 0) {
    throw new FiredrillError(
      'BAD_OPTION',
      "ramping() got no stages; expected at least one, such as { to: '200/s', over: '2m' }.",
    );
  }
  return {
    from: perSecond(from, 'the rate a ramp starts from'),
    stages: stages.map(({ to, over }, index) => ({
      to: perSecond(to, `stage ${index + 1} of the ramp: to`),
      overMs: milliseconds(over, `stage ${index + 1} of the ramp: over`),
    })),
  };
}

/** `speed` shortens the stages and leaves the rates alone. */
export function schedule(plan: RatePlan, speed: number): Schedule {
  const segments = segmentsOf(plan, speed);
  // Indexes come in order, so the segment that held the last one is where to look first.
  let hint = 0;
  return {
    dueAt(index) {
      const wanted = index + 1;
      if (wanted <= (segments[hint]?.before ?? 0)) hint = 0;
      for (; hint < segments.length; hint++) {
        const segment = segments[hint] as Segment;
        const due = segment.start + timeFor(segment, wanted - segment.before);
        if (due <= segment.start + segment.length) return due * 1000;
      }
      hint = segments.length - 1;
      return Number.POSITIVE_INFINITY;
    },
    expectedBy(ms) {
      const seconds = ms / 1000;
      const segment = segments.findLast((candidate) => candidate.start <= seconds);
      if (segment === undefined) return 0;
      const t = Math.min(seconds - segment.start, segment.length);
      return segment.before + segment.rate * t + (segment.slope * t * t) / 2;
    },
  };
}

/** Seconds and arrivals per second. */
interface Segment {
  readonly start: number;
  readonly length: number;
  readonly rate: number;
  readonly slope: number;
  /** Arrivals due before it begins. */
  readonly before: number;
}

function segmentsOf(plan: RatePlan, speed: number): readonly Segment[] {
  const segments: Segment[] = [];
  let [start, before, rate] = [0, 0, plan.from];
  for (const stage of plan.stages) {
    const length = stage.overMs / 1000 / speed;
    if (length > 0) {
      segments.push({ start, length, rate, slope: (stage.to - rate) / length, before });
      before += ((rate + stage.to) / 2) * length;
      start += length;
    }
    rate = stage.to;
  }
  segments.push({ start, length: Number.POSITIVE_INFINITY, rate, slope: 0, before });
  return segments;
}

/**
 * Solves rate·t + slope·t²/2 = count for the first t ≥ 0. This form of the quadratic's root loses no digits where the
 * slope is small, and is count/rate where it is none.
 */
function timeFor({ rate, slope }: Segment, count: number): number {
  if (count <= 0) return 0;
  const discriminant = rate * rate + 2 * slope * count;
  if (discriminant < 0) return Number.POSITIVE_INFINITY;
  return (2 * count) / (rate + Math.sqrt(discriminant));
}

function positive(rate: Rate, where: string): number {
  const value = perSecond(rate, where);
  if (value > 0) return value;
  throw new FiredrillError(
    'BAD_UNIT',
    `${where} is ${JSON.stringify(rate)}; expected more than nothing, such as '80/s'.`,
  );
}
