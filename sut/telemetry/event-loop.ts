/**
 * Event loop lag: how late the event loop gets round to things, Node's own measure of saturation.
 *
 * Node samples the time between two firings of a timer; the timer's own interval is subtracted, so an idle loop reads
 * close to 0 and not close to the interval.
 */
import { type Histogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** Sampling interval: a scrape gap of five seconds holds five hundred samples. */
const RESOLUTION_MS = 10;
/** Short, so that a stall is forgotten soon after it was seen; at rare scrapes the gaps between them decide. */
const WINDOW_MS = 250;
const NANOSECONDS = 1e9;

export interface EventLoopLag {
  /** 99th percentile in seconds; see LagWindows for the time it covers. */
  p99(): number;
  stop(): void;
}

/** The part of `monitorEventLoopDelay`'s histogram that is used; `percentile` answers in nanoseconds. */
export type DelayHistogram = Pick<Histogram, 'percentile' | 'reset' | 'count'>;

interface Window {
  readonly histogram: DelayHistogram;
  began: number;
}

/**
 * Two histograms that begin by turns, of which the older is read. When the younger is a window old, the older begins
 * again. A plain reset on each scrape would show a stall to whichever of two scrapers comes first, and at short scrape
 * intervals take percentiles of a handful of samples. So a reading covers one to two windows, or one to two gaps between
 * readings where these are longer: nothing falls between two readings, and nothing is remembered for long.
 */
export class LagWindows {
  #older: Window;
  #younger: Window;
  readonly #windowMs: number;
  readonly #now: () => number;

  constructor(histograms: readonly [DelayHistogram, DelayHistogram], windowMs: number, now = () => performance.now()) {
    this.#older = { histogram: histograms[0], began: now() };
    this.#younger = { histogram: histograms[1], began: now() };
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Seconds. */
  read(): number {
    const { histogram } = this.#older;
    // An empty histogram answers nonsense.
    const p99 = histogram.count === 0 ? 0 : histogram.percentile(99) / NANOSECONDS - RESOLUTION_MS / 1000;
    if (this.#now() - this.#younger.began >= this.#windowMs) {
      histogram.reset();
      const renewed = { histogram, began: this.#now() };
      this.#older = this.#younger;
      this.#younger = renewed;
    }
    return Math.max(0, p99);
  }
}

/** Starts measuring. */
export function eventLoopLag(): EventLoopLag {
  const first = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const second = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  first.enable();
  second.enable();
  const windows = new LagWindows([first, second], WINDOW_MS);
  return {
    p99: () => windows.read(),
    stop: () => {
      first.disable();
      second.disable();
    },
  };
}
