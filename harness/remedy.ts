/**
 * A remedy: what somebody does to mend things while the system runs, such as raising a limit. Applied at the start of a
 * recovery phase, after the faults before it were healed, and never undone: a run ends with what it mended.
 */
import { FiredrillError, messageOf } from './errors.ts';
import type { Proof } from './fault.ts';
import type { Journal } from './journal-file.ts';
import type { Stack } from './stack/service.ts';

export interface Remedy {
  /** The verb a scenario reads, e.g. 'setFfmpegTimeout'. */
  readonly name: string;
  /** One sentence for the report: what is done to what. */
  readonly description: string;
  /** Names of the services it acts on; `check` refuses one that the system does not have. */
  readonly targets: readonly string[];
  /**
   * Does it, and resolves with evidence that it took hold, from somewhere other than the metric under test. Throws what
   * went wrong. `signal` aborts when the run is interrupted.
   */
  apply(stack: Stack, signal: AbortSignal): Promise<Proof>;
}

const APPLIED_WITHIN_MS = 30_000;

/** Applies the remedies of a phase one after another. Throws REMEDY_FAILED; an interrupted run ends quietly. */
export async function applyRemedies(
  remedies: readonly Remedy[],
  stack: Stack,
  journal: Journal,
  { phase, signal }: { readonly phase: number; readonly signal: AbortSignal },
): Promise<void> {
  for (const remedy of remedies) {
    if (signal.aborted) return;
    const { name } = remedy;
    const note = (state: 'applied' | 'failed', detail: string) =>
      journal.append({ type: 'remedy', at: Date.now(), phase, name, state, detail });
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(APPLIED_WITHIN_MS)]);
      const { held, seen, source } = await remedy.apply(stack, limit);
      if (!held) throw new Error(`it did not take hold: ${seen} (${source})`);
      note('applied', `${seen} (${source})`);
    } catch (error) {
      if (signal.aborted) return;
      note('failed', messageOf(error));
      throw new FiredrillError('REMEDY_FAILED', `${name} could not be applied: ${messageOf(error)}`, { cause: error });
    }
  }
}
