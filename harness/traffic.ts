/** The load of a run: one driver at a time, drained before the next begins, with every total kept for the books. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal-file.ts';
import type { Load, LoadTarget, LoadTotals, RunningLoad } from './load.ts';

export class Traffic {
  readonly totals: LoadTotals[] = [];
  readonly #target: LoadTarget;
  readonly #journal: Journal;
  #current: { readonly load: Load; readonly running: RunningLoad } | undefined;

  constructor(target: LoadTarget, journal: Journal) {
    this.#target = target;
    this.#journal = journal;
  }

  /** Goes over to this load; the same one goes on undisturbed. */
  async use(load: Load): Promise<void> {
    if (this.#current?.load === load) return;
    await this.stop();
    const running = await load.start(this.#target, (tick) => this.#journal.append({ type: 'load', ...tick }));
    this.#current = { load, running };
  }

  /** Resolves when the last answer is in, or after `limitMs` without it: then nothing is counted. */
  async stop(limitMs?: number): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    const totals = await within(limitMs, current.running.stop());
    if (!totals) return current.running.abandon();
    this.totals.push(totals);
    const { driver, description } = current.load;
    this.#journal.append({ type: 'load-total', at: Date.now(), driver, description, ...copied(totals) });
  }
}

/** undefined where it takes longer. */
async function within<T>(ms: number | undefined, promise: Promise<T>): Promise<T | undefined> {
  if (ms === undefined) return promise;
  promise.catch(() => undefined);
  return Promise.race([promise, sleep(ms, undefined, { ref: false })]);
}

const copied = (totals: LoadTotals) => ({
  ...totals,
  answers: totals.answers.map((answer) => ({ ...answer })),
  outcomes: { ...totals.outcomes },
  receipts: [...totals.receipts],
  latency: { ...totals.latency },
  startLag: { ...totals.startLag },
});
