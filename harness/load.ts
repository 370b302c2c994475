/**
 * Load: how much traffic arrives, and what each visitor does. Drivers (arrivals, k6, autocannon, …) live in load/.
 * Rates are per real second and request latencies are real: the clock's speed never scales them.
 */
import type { EventOf } from './journal.ts';

export interface Load {
  readonly driver: string;
  /** Open: visitors arrive when they are due, whatever the system does. Closed: the next comes when the last has gone. */
  readonly model: 'open' | 'closed';
  /** Iterations that could not begin are reported and not held against it: a browser has room for few visitors. */
  readonly mayDrop?: boolean;
  /** Its iterations are visits of shoppers in a browser, told one by one: what claims about shoppers are judged from. */
  readonly shoppers?: boolean;
  /** For people: 'buyers at 80/s'. */
  readonly description: string;
  /**
   * Sees to the program that sends it, before anything boots, and says its version: { k6: '2.2.0' }. `say` is told before
   * anything is installed or built. Throws PROGRAM_MISSING.
   */
  prepare?(say: (line: string) => void): Promise<Readonly<Record<string, string>>>;
  /** Limits that its driver sets on its own metrics, where it has some. */
  readonly thresholds?: Readonly<Record<string, readonly string[]>>;
  /** The same load under another driver of that name (--load). Only what several drivers can send has it. Throws BAD_OPTION. */
  under?(driver: string): Load;
  /**
   * Resolves once it runs. `onTick` is called about four times a real second with what happened since the last tick,
   * `onVisit` at the end of each visit, where the load's iterations are visits. Throws LOAD_FAILED.
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
  /** Resolves should it break down by itself; stop() then rejects with the same. */
  readonly brokeDown: Promise<Error>;
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
  /** The most iterations in flight at a look, where the driver tells. */
  readonly inUse?: number;
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
  readonly report?: DriverReport;
}

/** What a driver that is a program of its own says of itself, beside what was counted through it. */
export interface DriverReport {
  /** 'k6 2.2.0' */
  readonly program: string;
  /** Units: 'ms', 'share' (0..1), or '' for a plain number. */
  readonly figures: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
  /** Limits on its own metrics; `value` and `held` are null where it came to no end of its own. */
  readonly thresholds: readonly {
    readonly metric: string;
    readonly limit: string;
    readonly value: number | null;
    readonly held: boolean | null;
  }[];
}
