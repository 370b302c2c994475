/**
 * The clock: how many scenario seconds pass in one real second. Durations are written as in production; a run at speed
 * 60 gets copies of the files in which every duration is sixty times shorter. Rates per second, request latencies and
 * thresholds are never scaled, and at speed 1 nothing is.
 */
import { FiredrillError } from './errors.ts';
import { duration, milliseconds } from './units.ts';

export { scaleAlertmanagerConfig, scalePrometheusConfig, scaleRuleFile } from './clock-files.ts';
export { scalePromql } from './clock-promql.ts';

/** Prometheus and its targets share two cores with everything else: closer together, scrapes would measure themselves. */
const LEAST_INTERVAL_MS = 200;
/** Beyond this a minute is shorter than one scrape can be, and no alert rule is sound. */
const HIGHEST_SPEED = 300;
/** `rate` needs two samples in a window whose edges may each cut one off (Prometheus 3 ranges are left-open). */
const SCRAPES_IN_A_WINDOW = 4;

export interface Clock {
  /** Scenario seconds per real second. */
  readonly speed: number;
  /** Scenario ms → real ms. */
  real(ms: number): number;
  /** Real ms → scenario ms. */
  scenario(realMs: number): number;
  /** Real ms between scrapes for a production interval in ms: 200 at the least, untouched at speed 1. */
  scrape(ms: number): number;
  /** Real ms between rule evaluations for a production interval in ms: 200 at the least, untouched at speed 1. */
  evaluation(ms: number): number;
}

/** Throws BAD_OPTION unless 0 < speed ≤ 300. */
export function createClock(speed: number): Clock {
  if (!(speed > 0 && speed <= HIGHEST_SPEED)) {
    throw new FiredrillError(
      'BAD_OPTION',
      `speed is ${String(speed)}; expected a number above 0 and up to ${HIGHEST_SPEED}, such as 60.`,
    );
  }
  const interval = (ms: number): number => (speed === 1 ? ms : Math.max(LEAST_INTERVAL_MS, ms / speed));
  return {
    speed,
    real: (ms) => ms / speed,
    scenario: (realMs) => realMs * speed,
    scrape: interval,
    evaluation: interval,
  };
}

/**
 * Prometheus' own waits as flags, from its defaults. The lookback never falls under four scrapes, or a bare selector
 * would lose a series that missed one. None at speed 1.
 */
export function prometheusFlags(clock: Clock): string[] {
  if (clock.speed === 1) return [];
  const scaled = (text: string, least = 1): string => duration(Math.max(least, clock.real(milliseconds(text))));
  return [
    `--query.lookback-delta=${scaled('5m', SCRAPES_IN_A_WINDOW * LEAST_INTERVAL_MS)}`,
    `--rules.alert.resend-delay=${scaled('1m')}`,
    `--rules.alert.for-grace-period=${scaled('10m')}`,
    `--rules.alert.for-outage-tolerance=${scaled('1h')}`,
  ];
}
