/** The faults of one phase: injected together, proven while it runs, healed whatever happens. */
import { FiredrillError, messageOf } from './errors.ts';
import type { Fault, Injection } from './fault.ts';
import type { EventOf } from './journal.ts';
import type { Journal } from './journal-file.ts';
import type { Stack } from './stack/service.ts';

const HEAL_WITHIN_MS = 30_000;
const PROOF_WITHIN_MS = 5_000;

interface Injected {
  readonly fault: Fault;
  readonly injection: Injection;
  proven: boolean;
  /** What the last look for evidence found. */
  seen: string;
}

export class PhaseFaults {
  readonly #phase: number;
  readonly #journal: Journal;
  readonly #injected: Injected[] = [];

  constructor(phase: number, journal: Journal) {
    this.#phase = phase;
    this.#journal = journal;
  }

  get proven(): boolean {
    return this.#injected.every(({ proven }) => proven);
  }

  /** Throws FAULT_FAILED naming the fault; those already injected are still healed by heal(). */
  async inject(faults: readonly Fault[], stack: Stack, signal: AbortSignal): Promise<void> {
    for (const fault of faults) {
      this.#note(fault, 'injecting', fault.description);
      try {
        const injection = await fault.inject(stack, signal);
        this.#injected.push({ fault, injection, proven: false, seen: '' });
        this.#note(fault, 'injected', '');
      } catch (error) {
        this.#note(fault, 'failed', messageOf(error));
        throw new FiredrillError('FAULT_FAILED', `${fault.name} could not be injected: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
  }

  /** Asks the faults that are not proven yet. */
  async prove(): Promise<void> {
    for (const entry of this.#injected.filter(({ proven }) => !proven)) {
      const proof = await within(PROOF_WITHIN_MS, entry.injection.proof()).catch((error: unknown) => ({
        held: false,
        seen: messageOf(error),
        source: 'the proof itself',
      }));
      entry.seen = `${proof.seen} (${proof.source})`;
      if (!proof.held) continue;
      entry.proven = true;
      this.#note(entry.fault, 'proven', entry.seen);
    }
  }

  /** Heals in the reverse order, each within a bound. Throws FAULT_FAILED after trying all of them. */
  async heal(): Promise<void> {
    const failures: string[] = [];
    for (const { fault, injection, proven, seen } of this.#injected.splice(0).reverse()) {
      if (!proven) this.#note(fault, 'unproven', seen || 'no evidence that it took hold');
      this.#note(fault, 'healing', '');
      try {
        await within(HEAL_WITHIN_MS, injection.heal());
        this.#note(fault, 'healed', '');
      } catch (error) {
        this.#note(fault, 'heal-failed', messageOf(error));
        failures.push(`${fault.name}: ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) {
      throw new FiredrillError(
        'FAULT_FAILED',
        `what was broken could not be put back (the stack is torn down all the same): ${failures.join('; ')}`,
      );
    }
  }

  #note(fault: Fault, state: EventOf<'fault'>['state'], detail: string): void {
    this.#journal.append({ type: 'fault', at: Date.now(), phase: this.#phase, name: fault.name, state, detail });
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
