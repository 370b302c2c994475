/** What a benchmark is: a name, what it is for, and a function that measures and answers with figures. */
import type { Runs } from './runs.ts';

export interface Benchmark {
  /** What is typed: `npm run bench -- boot`. */
  readonly name: string;
  readonly summary: string;
  /** How long, where it is so long that --quick leaves it out unless it is named. */
  readonly takes?: string;
  /** Throws where something cannot be measured; a figure is never made up. */
  measure(bench: Bench): Promise<readonly Figure[]>;
}

/** What a benchmark is given. */
export interface Bench {
  /** Fewer and shorter repetitions: to see that it works, not to quote. */
  readonly quick: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Scenario runs, kept until the end for the benchmarks that read what a run left behind. */
  readonly runs: Runs;
  /** A folder for whatever a benchmark writes; removed at the end. */
  readonly folder: string;
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void;
}

export type Unit = 's' | 'ms' | 'µs' | '%' | 'MB' | 'kB' | '/s' | 'scenario s';

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  /** One for each repetition, in the order they were measured; their median is what counts. Never empty. */
  readonly values: readonly number[];
  readonly aim?: Aim;
  /** What a reader must know to read the figure right; one sentence. */
  readonly note?: string;
}

export interface Aim {
  readonly is: 'under' | 'at least';
  readonly value: number;
  /** Why, as far as it is known; printed only where the aim is missed. */
  readonly ifMissed: string;
}

/** The figures of one benchmark, or why there are none. */
export interface Outcome {
  readonly benchmark: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly failure?: string;
}
