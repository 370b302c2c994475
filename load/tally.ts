/**
 * What happened, counted: the ticks of a load and its totals. Every driver counts through it, so that a word means the
 * same with each. Latencies go into HDR histograms (three significant digits) in whole microseconds.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import type { DriverReport, LoadTick, LoadTotals } from '../harness/load.ts';

const HIGHEST_MICROSECONDS = 3_600_000_000;

export class Tally {
  readonly #latency = histogram();
  readonly #tickLatency = histogram();
  readonly #startLag = histogram();
  readonly #answers = new Map<string, { handler: string; method: string; status: number; count: number }>();
  readonly #outcomes = new Map<string, number>();
  readonly #receipts: string[] = [];
  #total = noCounts();
  #tick = noCounts();
  #tickStart = performance.now();
  #inUse: number | undefined;
  #report: DriverReport | undefined;

  /** The load has begun: its first tick starts now. */
  begins(): void {
    this.#tickStart = performance.now();
  }

  /** `lag`: how late it began, milliseconds. */
  started(lag: number): void {
    this.#tick.scheduled++;
    this.#tick.started++;
    this.#startLag.recordValue(microseconds(lag));
  }

  dropped(): void {
    this.#tick.scheduled++;
    this.#tick.dropped++;
  }

  /** `latency` in milliseconds. */
  answered(ask: { readonly handler: string; readonly method: string }, status: number, latency: number): void {
    this.#tick.answered++;
    if (status >= 500) this.#tick.serverErrors++;
    const value = microseconds(latency);
    this.#latency.recordValue(value);
    this.#tickLatency.recordValue(value);
    const key = `${ask.handler} ${ask.method} ${status}`;
    const entry = this.#answers.get(key);
    if (entry) entry.count++;
    else this.#answers.set(key, { handler: ask.handler, method: ask.method, status, count: 1 });
  }

  unanswered(): void {
    this.#tick.unanswered++;
  }

  ended(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  acknowledged(receipt: string): void {
    this.#receipts.push(receipt);
  }

  /** Iterations in flight just now; the tick tells the most there were. */
  inUse(iterations: number): void {
    this.#inUse = Math.max(this.#inUse ?? 0, iterations);
  }

  /** What the driver says of itself, at its end. */
  reported(report: DriverReport): void {
    this.#report = report;
  }

  /** What happened since the last tick. The ticks of a load add up to its totals. */
  tick(): LoadTick {
    const now = performance.now();
    const tick: LoadTick = {
      at: Date.now(),
      tickMs: now - this.#tickStart,
      ...this.#tick,
      p50: percentile(this.#tickLatency, 50),
      p95: percentile(this.#tickLatency, 95),
      max: percentile(this.#tickLatency, 100),
      ...(this.#inUse === undefined ? {} : { inUse: this.#inUse }),
    };
    this.#total = add(this.#total, this.#tick);
    this.#tick = noCounts();
    this.#tickStart = now;
    this.#tickLatency.reset();
    if (this.#inUse !== undefined) this.#inUse = 0;
    return tick;
  }

  totals(): LoadTotals {
    const { scheduled, started, dropped, unanswered } = add(this.#total, this.#tick);
    return {
      scheduled,
      started,
      dropped,
      unanswered,
      answers: [...this.#answers.values()],
      outcomes: Object.fromEntries(this.#outcomes),
      receipts: this.#receipts,
      latency: {
        p50: percentile(this.#latency, 50) ?? 0,
        p95: percentile(this.#latency, 95) ?? 0,
        p99: percentile(this.#latency, 99) ?? 0,
        max: percentile(this.#latency, 100) ?? 0,
      },
      startLag: {
        p50: percentile(this.#startLag, 50) ?? 0,
        p99: percentile(this.#startLag, 99) ?? 0,
        max: percentile(this.#startLag, 100) ?? 0,
      },
      ...(this.#report === undefined ? {} : { report: this.#report }),
    };
  }
}

type Counts = Record<'scheduled' | 'started' | 'dropped' | 'answered' | 'serverErrors' | 'unanswered', number>;

const noCounts = (): Counts => ({
  scheduled: 0,
  started: 0,
  dropped: 0,
  answered: 0,
  serverErrors: 0,
  unanswered: 0,
});

const add = (a: Counts, b: Counts): Counts => ({
  scheduled: a.scheduled + b.scheduled,
  started: a.started + b.started,
  dropped: a.dropped + b.dropped,
  answered: a.answered + b.answered,
  serverErrors: a.serverErrors + b.serverErrors,
  unanswered: a.unanswered + b.unanswered,
});

const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_MICROSECONDS, numberOfSignificantValueDigits: 3 });

const microseconds = (ms: number): number => Math.min(HIGHEST_MICROSECONDS, Math.max(0, Math.round(ms * 1000)));

/** Milliseconds; null where nothing was recorded. */
const percentile = (values: Histogram, share: number): number | null =>
  values.totalCount === 0 ? null : values.getValueAtPercentile(share) / 1000;
