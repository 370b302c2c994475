/**
 * The load of a run: one load or several side by side. A load that stays goes on undisturbed; one that goes is drained
 * before another begins. Every total is kept for the books.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal-file.ts';
import type { DriverReport, Load, LoadTarget, LoadTotals, RunningLoad } from './load.ts';

export class Traffic {
  readonly totals: LoadTotals[] = [];
  readonly #target: LoadTarget;
  readonly #journal: Journal;
  readonly #running = new Map<Load, RunningLoad>();
  /** Settled once no load is on its way up any more: one that comes up after the end would never be stopped. */
  #changing: Promise<void> = Promise.resolve();
  readonly #onBreakDown: (error: unknown) => void;
  readonly #broken = new WeakSet<RunningLoad>();

  /** `onBreakDown` is told when a load ends by itself: what follows would be judged without traffic. */
  constructor(target: LoadTarget, journal: Journal, onBreakDown: (error: unknown) => void) {
    this.#target = target;
    this.#journal = journal;
    this.#onBreakDown = onBreakDown;
  }

  /** Goes over to these loads. Told apart by identity; one that is given twice runs once. */
  use(loads: readonly Load[]): Promise<void> {
    const change = this.#goOver(loads);
    this.#changing = change.catch(() => {});
    return change;
  }

  async #goOver(loads: readonly Load[]): Promise<void> {
    const wanted = new Set(loads);
    await this.#stop([...this.#running.keys()].filter((load) => !wanted.has(load)));
    for (const load of wanted) if (!this.#running.has(load)) await this.#start(load);
  }

  /** Resolves when the last answers are in, or after `limitMs` without them: what is not in by then is not counted. */
  async stop(limitMs?: number): Promise<void> {
    await this.#changing;
    await this.#stop([...this.#running.keys()], limitMs);
  }

  async #start(load: Load): Promise<void> {
    const { driver, description } = load;
    const running = await load.start(
      this.#target,
      (tick) => this.#journal.append({ type: 'load', driver, description, ...tick }),
      (visit) => this.#journal.append({ type: 'visit', ...visit }),
    );
    void running.brokeDown.then((error) => this.#tell(running, error));
    this.#running.set(load, running);
  }

  /** Once, whether it is heard of while it runs or when it is stopped. */
  #tell(running: RunningLoad, error: unknown): undefined {
    if (!this.#broken.has(running)) this.#onBreakDown(error);
    this.#broken.add(running);
  }

  /** Every one of them is stopped, also where another breaks down; then the first failure is thrown. */
  async #stop(loads: readonly Load[], limitMs?: number): Promise<void> {
    const stopped = await Promise.allSettled(loads.map((load) => this.#stopOne(load, limitMs)));
    const failed = stopped.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #stopOne(load: Load, limitMs?: number): Promise<void> {
    const running = this.#running.get(load);
    this.#running.delete(load);
    if (!running) return;
    const totals = await within(
      limitMs,
      // What a load counted that broke down is not the whole truth.
      running.stop().catch((error: unknown) => this.#tell(running, error)),
    );
    if (!totals) return running.abandon();
    this.totals.push(totals);
    const { driver, model, mayDrop, description } = load;
    const about = { driver, model, description, ...(mayDrop ? { mayDrop } : {}) };
    this.#journal.append({ type: 'load-total', at: Date.now(), ...about, ...copied(totals) });
  }
}

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
