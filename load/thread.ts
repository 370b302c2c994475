/**
 * A load runs in a thread of its own, so that the harness' work never delays a start and a busy load never delays the
 * harness. This is the harness' side; thread-worker.ts is the other.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { LoadTarget, LoadTick, LoadTotals, RunningLoad } from '../harness/load.ts';
import type { Plan } from './driver.ts';
import type { JourneyReference } from './journey.ts';

/** What the thread is given to begin with. */
export interface Assignment {
  readonly plan: Plan;
  readonly journey: JourneyReference;
  readonly target: LoadTarget;
}

/** What it says; the only thing it is told is 'stop'. */
export type Report =
  | { readonly type: 'started' }
  | { readonly type: 'tick'; readonly tick: LoadTick }
  | { readonly type: 'totals'; readonly totals: LoadTotals }
  | { readonly type: 'failed'; readonly error: unknown };

/**
 * Resolves once the load runs. Rejects with LOAD_FAILED where the journey's module cannot be loaded; stop() does where the
 * load broke down by itself (a journey threw), since what it counted is then not the whole truth.
 */
export async function startInThread(assignment: Assignment, onTick: (tick: LoadTick) => void): Promise<RunningLoad> {
  const worker = new Worker(new URL('./thread-worker.ts', import.meta.url), { workerData: assignment });
  const started = Promise.withResolvers<void>();
  const totals = Promise.withResolvers<LoadTotals>();
  // Whoever calls stop() hears of a failure; until then it is not an unhandled rejection.
  totals.promise.catch(() => {});

  const brokeDown = Promise.withResolvers<Error>();

  /** Its end is no failure: the totals are here, or nobody wants them. */
  let over = false;

  const fail = (cause: unknown): void => {
    if (over) return;
    const { plan, journey } = assignment;
    const error = new FiredrillError(
      'LOAD_FAILED',
      `the load (${plan.driver}, ${journey.name}) broke down: ${messageOf(cause)}${placeIn(cause, journey)}`,
      { cause },
    );
    started.reject(error);
    totals.reject(error);
    brokeDown.resolve(error);
    void worker.terminate();
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(`its thread ended with code ${code}`));
  worker.on('message', (report: Report) => {
    if (report.type === 'started') started.resolve();
    else if (report.type === 'tick') onTick(report.tick);
    else if (report.type === 'failed') fail(report.error);
    else {
      over = true;
      totals.resolve(report.totals);
    }
  });

  await started.promise;
  return {
    brokeDown: brokeDown.promise,
    async stop() {
      worker.postMessage('stop');
      try {
        return await totals.promise;
      } finally {
        await worker.terminate();
      }
    },
    async abandon() {
      over = true;
      await worker.terminate();
    },
  };
}

/** ' (…/buyers.ts, line 12)' where the stack leads through the journey's module. */
function placeIn(cause: unknown, { module }: JourneyReference): string {
  const path = fileURLToPath(module);
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const line = /^:(\d+)/.exec(stack.slice(stack.indexOf(path) + path.length))?.[1];
  return stack.includes(path) && line !== undefined ? ` (${path}, line ${line})` : '';
}
