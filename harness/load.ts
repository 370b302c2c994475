/**
 * Load: how much traffic arrives, and what each visitor does. Drivers (arrivals, autocannon, …) live in load/.
 * Rates are per real second and request latencies are real: the clock's speed never scales them.
 */
import type { EventOf } from './journal.ts';
import type { Program } from './stack/service.ts';

export interface Load {
  readonly driver: string;
  /** Programs beside Node that the driver needs; looked for, and installed where we may, before anything boots. */
  readonly programs?: readonly Program[];
  /** Its iterations are visits of shoppers in a browser, told one by one: what claims about shoppers are judged from. */
  readonly shoppers?: boolean;
  /** For people: 'buyers at 80/s'. */
  readonly description: string;
  /**
   * Starts at once. `onTick` is called about four times a real second with what happened since the last tick, `onVisit`
   * at the end of each visit, where the load's iterations are visits.
   */
  start(target: LoadTarget, onTick: (tick: LoadTick) => void, onVisit?: (visit: Visit) => void): Promise<RunningLoad>;
}

export interface LoadTarget {
  /** Base address of the service under load, without a trailing slash. */
  readonly url: string;
  /** The same seed gives the same journeys in the same order. */
  readonly seed: number;
  /** Scenario seconds per real second; drivers scale the durations of their ramps with it, never their rates. */
  readonly speed: number;
  /** The run's folder: what a load keeps (pictures) goes into a folder of its own there. Without it nothing is kept. */
  readonly keepIn?: string;
}

export interface RunningLoad {
  /**
   * No new iteration starts; resolves when the last answer is in, so that what was counted is exact. Idempotent.
   */
  stop(): Promise<LoadTotals>;
  /** Ends it at once: no answer is waited for, and what it counted is lost. */
  abandon(): Promise<void>;
}

/** What one shopper did and saw. */
export type Visit = Omit<EventOf<'visit'>, 'type'>;

export interface LoadTick {
  /** Real time, milliseconds since the epoch. */
  readonly at: number;
  /** Length of the tick in real milliseconds. */
  readonly tickMs: number;
  /** Iterations (journeys) due, begun, and not begun for want of capacity, within the tick. */
  readonly scheduled: number;
  readonly started: number;
  readonly dropped: number;
  /** Requests answered within the tick, those of them with a status of 500 or more, and requests without an answer. */
  readonly answered: number;
  readonly serverErrors: number;
  readonly unanswered: number;
  /** Latency of the requests answered, in real milliseconds, from the scheduled start; null where none was. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

export interface LoadTotals {
  readonly scheduled: number;
  readonly started: number;
  readonly dropped: number;
  readonly unanswered: number;
  /** Answers by the handler's name ('checkout') and status; what must agree with http_requests_total to the unit. */
  readonly answers: readonly {
    readonly handler: string;
    readonly method: string;
    readonly status: number;
    readonly count: number;
  }[];
  /** What became of the journeys: { purchased: 812, SOLD_OUT: 3 }. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Identifiers the system acknowledged (purchase codes); none of them may be lost. */
  readonly receipts: readonly string[];
  /** Real milliseconds. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** How late iterations began, real milliseconds. */
  readonly startLag: { readonly p50: number; readonly p99: number; readonly max: number };
}
