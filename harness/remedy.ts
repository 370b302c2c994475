/**
 * A remedy: what an operator does to mend things while everything runs. Applied at the start of a recovery and never
 * undone: the stack goes away after the run.
 */
import type { Proof } from './fault.ts';
import type { Stack } from './stack/service.ts';

export interface Remedy {
  /** The verb a scenario reads, e.g. 'setFfmpegTimeout'. */
  readonly name: string;
  /** One sentence for the report: what is done to what, by which mechanism. */
  readonly description: string;
  /** Names of the services it speaks to; `check` refuses a remedy for a service the system does not have. */
  readonly targets: readonly string[];
  /**
   * Mends it. Resolves once done, with evidence that it took hold from somewhere other than the metrics under test: a
   * setting is read back. `signal` aborts when the run is interrupted, or when the remedy has had its time (30 s, real).
   * Rejects where it could not be applied; a proof that does not hold counts the same.
   */
  apply(stack: Stack, signal: AbortSignal): Promise<Proof>;
}
