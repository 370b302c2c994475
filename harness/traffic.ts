/** The load of a run: one driver at a time, drained before the next begins, with every total kept for the books. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal-file.ts';
import type { DriverReport, Load, LoadTarget, LoadTotals, RunningLoad } from './load.ts';

export class Traffic {
  readonly totals: LoadTotals[] = [];
  readonly #target: LoadTarget;
  readonly #journal: Journal;
  readonly #onBreakDown: (error: Error) => void;
  #current: { readonly load: Load; readonly running: RunningLoad } | undefined;

  /** `onBreakDown` is told when a load ends by itself: what follows would be judged without traffic. */
  constructor(target: LoadTarget, journal: Journal, onBreakDown: (error: Error) => void) {
    this.#target = target;
    this.#journal = journal;
    this.#onBreakDown = onBreakDown;
  }

  /** Goes over to this load; the same one goes on undisturbed. */
  async use(load: Load): Promise<void> {
    if (this.#current?.load === load) return;
    await this.stop();
    const { driver } = load;
    const running = await load.start(this.#target, (tick) => this.#journal.append({ type: 'load', driver, ...tick }));
    void running.brokeDown.then(this.#onBreakDown);
    this.#current = { load, running };
  }

  /** Resolves when the last answer is in, or after `limitMs` without it: then nothing is counted. */
  async stop(limitMs?: number): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    const totals = await within(limitMs, orNothing(current.running));
    if (!totals) return current.running.abandon();
    this.totals.push(totals);
    const { driver, model, description } = current.load;
    this.#journal.append({ type: 'load-total', at: Date.now(), driver, model, description, ...copied(totals) });
  }
}

/** undefined where it broke down: that has been told already, and what it counted is not the whole truth. */
const orNothing = async (running: RunningLoad): Promise<LoadTotals | undefined> => {
  const broken = running.brokeDown.then(() => undefined);
  return Promise.race([running.stop().catch(() => broken), broken]);
};

/** undefined where it takes longer. */
async function within<T>(ms: number | undefined, promise: Promise<T>): Promise<T | undefined> {
  if (ms === undefined) return promise;
  promise.catch(() => undefined);
  return Promise.race([promise, sleep(ms, undefined, { ref: false })]);
}

const copied = ({ report, ...totals }: LoadTotals) => ({
  ...totals,
  answers: totals.answers.map((answer) => ({ ...answer })),
  outcomes: { ...totals.outcomes },
  receipts: [...totals.receipts],
  latency: { ...totals.latency },
  startLag: { ...totals.startLag },
  ...(report === undefined ? {} : { report: copiedReport(report) }),
});

const copiedReport = ({ program, figures, thresholds }: DriverReport) => ({
  program,
  figures: figures.map((figure) => ({ ...figure })),
  thresholds: thresholds.map((threshold) => ({ ...threshold })),
});
