/** The remedies of one phase: applied one after the other, each with the evidence that it took hold. */
import { FiredrillError, messageOf } from './errors.ts';
import type { Proof } from './fault.ts';
import type { Journal } from './journal-file.ts';
import type { Remedy } from './remedy.ts';
import type { Stack } from './stack/service.ts';

const APPLY_WITHIN_MS = 30_000;

export interface Applying {
  readonly phase: number;
  readonly journal: Journal;
  readonly stack: Stack;
  /** The run's: what it interrupts ends quietly. */
  readonly signal: AbortSignal;
  /** Real ms that each remedy has. */
  readonly withinMs?: number;
}

/** Throws REMEDY_FAILED naming the first that could not be applied; those after it are not tried. */
export async function applyRemedies(remedies: readonly Remedy[], applying: Applying): Promise<void> {
  const { phase, journal, signal } = applying;
  for (const remedy of remedies) {
    if (signal.aborted) return;
    const began = performance.now();
    const { state, seen, source } = await outcome(remedy, applying);
    if (signal.aborted && state === 'failed') return;
    const ms = Math.round(performance.now() - began);
    const { name, description } = remedy;
    journal.append({ type: 'remedy', at: Date.now(), phase, name, description, state, seen, source, ms });
    if (state === 'failed') throw new FiredrillError('REMEDY_FAILED', `${name} could not be applied: ${seen}`);
  }
}

/** Settles in time and when the run is interrupted, whatever the remedy makes of the signal. */
async function outcome(
  remedy: Remedy,
  { stack, signal, withinMs = APPLY_WITHIN_MS }: Applying,
): Promise<{ state: 'applied' | 'failed'; seen: string; source: string }> {
  const late = AbortSignal.timeout(withinMs);
  const enough = AbortSignal.any([signal, late]);
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(enough.reason);
  enough.addEventListener('abort', giveUp, { once: true });
  try {
    const { held, seen, source }: Proof = await Promise.race([remedy.apply(stack, enough), cut]);
    return held
      ? { state: 'applied', seen, source }
      : { state: 'failed', seen: `it did not take hold: ${seen} (${source})`, source };
  } catch (error) {
    const seen = late.aborted && !signal.aborted ? `not done after ${withinMs / 1000} s` : messageOf(error);
    return { state: 'failed', seen, source: 'the remedy itself' };
  } finally {
    enough.removeEventListener('abort', giveUp);
  }
}
