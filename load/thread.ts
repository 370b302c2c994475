/**
 * A load runs in a thread of its own, so that the harness' work never delays a start and a busy load never delays the
 * harness. This is the harness' side; thread-worker.ts is the other.
 */
import { Worker } from 'node:worker_threads';
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
 * Resolves once the load runs. Rejects where the journey's module cannot be loaded; stop() rejects where the load broke
 * down by itself (a journey threw), since what it counted is then not the whole truth.
 */
export async function startInThread(assignment: Assignment, onTick: (tick: LoadTick) => void): Promise<RunningLoad> {
  const worker = new Worker(new URL('./thread-worker.ts', import.meta.url), { workerData: assignment });
  const started = Promise.withResolvers<void>();
  const totals = Promise.withResolvers<LoadTotals>();
  // Whoever calls stop() hears of a failure; until then it is not an unhandled rejection.
  totals.promise.catch(() => {});

  const fail = (cause: unknown): void => {
    const error = new Error(`the load (${assignment.plan.driver}, ${assignment.journey.name}) broke down`, { cause });
    started.reject(error);
    totals.reject(error);
    void worker.terminate();
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(`its thread ended with code ${code}`));
  worker.on('message', (report: Report) => {
    if (report.type === 'started') started.resolve();
    else if (report.type === 'tick') onTick(report.tick);
    else if (report.type === 'totals') totals.resolve(report.totals);
    else fail(report.error);
  });

  await started.promise;
  return {
    async stop() {
      worker.postMessage('stop');
      try {
        return await totals.promise;
      } finally {
        await worker.terminate();
      }
    },
    async abandon() {
      await worker.terminate();
    },
  };
}
