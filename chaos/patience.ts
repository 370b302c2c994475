/** Waiting until something is so, with an end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FiredrillError, messageOf } from '../harness/errors.ts';

const ASK_AGAIN_MS = 25;

/**
 * Asks `isSo` until it says yes. What it throws counts as no. Throws FAULT_FAILED naming `what` after `withinMs`, or when
 * the signal aborts.
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last = '';
  for (;;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = `: ${messageOf(error)}`;
    }
    if (signal?.aborted) throw new FiredrillError('FAULT_FAILED', `interrupted while waiting for ${what}`);
    if (performance.now() >= deadline) {
      throw new FiredrillError('FAULT_FAILED', `${what}: not so after ${withinMs / 1000} s${last}`);
    }
    await sleep(ASK_AGAIN_MS);
  }
}

/** Throws FAULT_FAILED when the run was interrupted; for between the steps of an injection. */
export function unlessAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new FiredrillError('FAULT_FAILED', 'interrupted before it was injected');
}
