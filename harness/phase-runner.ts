/**
 * Runs one phase: its traffic, its faults, its remedies and a look at monitoring about once a scrape, until every
 * expectation with a deadline is decided or its time is up; then the faults are healed, whatever happened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './errors.ts';
import type { LogQuery, PhaseWindow, Query } from './expectation.ts';
import { PhaseFaults } from './faults.ts';
import type { Journal } from './journal-file.ts';
import { judgePhase, type PhaseResult } from './judge.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';
import { applyRemedies } from './remedies.ts';
import { loadOf, type Phase } from './scenario.ts';
import type { Stack } from './stack/service.ts';
import type { Traffic } from './traffic.ts';
import type { LogWatch, Watch } from './watch.ts';

export interface PhaseContext {
  readonly plan: Plan;
  readonly journal: Journal;
  readonly record: RunRecord;
  /** The phase runs to its end even when everything is decided. */
  readonly full: boolean;
  /** Aborted from outside to end the phase early; aborted by the phase when the journal can no longer be written. */
  readonly stop: AbortController;
  readonly stack: Stack;
  readonly traffic: Traffic;
  readonly watch: Watch;
  readonly logWatch: LogWatch;
  /** When each phase was, by its index; the phase adds its own. */
  readonly windows: PhaseWindow[];
}

interface Wanted {
  readonly queries: readonly Query[];
  readonly logs: readonly LogQuery[];
  /** Real ms; log lines from before do not count. */
  readonly from: number;
}

export class PhaseRunner {
  readonly #context: PhaseContext;

  constructor(context: PhaseContext) {
    this.#context = context;
  }

  /** Throws FAULT_FAILED where a fault could not be injected or healed, REMEDY_FAILED where a remedy could not be applied. */
  async run(index: number, phase: Phase): Promise<PhaseResult> {
    const { plan, journal, windows, stop } = this.#context;
    const start = Date.now();
    journal.append({ type: 'phase', at: start, index, kind: phase.kind, state: 'start' });
    const window = (end: number): PhaseWindow => ({ index, kind: phase.kind, title: phase.title, start, end });
    const judge = (end: number, ended: boolean) =>
      judgePhase(plan, this.#context.record, phase, window(end), this.#baselineBefore(index), ended);
    const faults = new PhaseFaults(index, journal);
    let course: Course = { end: start, reason: 'it could not begin' };
    try {
      course = await this.#untilDecided(index, phase, faults, start, (end) => judge(end, false).open === 0);
    } finally {
      const { end, reason } = course;
      try {
        await faults.heal();
      } finally {
        windows[index] = window(end);
        journal.append({ type: 'phase', at: end, index, kind: phase.kind, state: 'end', reason });
      }
    }
    return judge(course.end, !stop.signal.aborted);
  }

  async #untilDecided(
    index: number,
    phase: Phase,
    faults: PhaseFaults,
    start: number,
    decided: (end: number) => boolean,
  ): Promise<Course> {
    const { plan, full, stop, stack, traffic, watch, journal } = this.#context;
    const { signal } = stop;
    await Promise.all([
      traffic.use(loadOf(plan.scenario, phase)),
      faults.inject(phase.faults, stack, signal),
      applyRemedies(phase.remedies, { phase: index, journal, stack, signal }),
    ]);
    const wanted: Wanted = {
      queries: phase.expectations.flatMap((expectation) => expectation.queries(plan)),
      logs: phase.expectations.flatMap((expectation) => expectation.needs.logs ?? []),
      from: start,
    };
    const planned = start + plan.clock.real(phase.durationMs);
    // A steady state is measured whole, and a claim about the whole phase is no reason to end it early.
    const mayEndEarly =
      phase.kind !== 'baseline' && !full && phase.expectations.some(({ deadline }) => deadline !== undefined);
    let reason = 'its time was up';
    let end = start;
    while (Date.now() < planned && !signal.aborted) {
      await pause(Math.min(this.#betweenLooksMs, planned - Date.now()), signal);
      await this.#look(wanted);
      await faults.prove();
      end = Date.now();
      if (mayEndEarly && faults.proven && decided(end)) {
        reason = 'everything was decided';
        break;
      }
    }
    end = Math.min(Date.now(), Math.max(planned, end));
    if (!signal.aborted && phase.expectations.length > 0) {
      // What happened up to the end of the phase is stored a scrape later; the fault stays until that has been seen.
      await pause(watch.lag + 50, signal);
      await this.#look(wanted);
    }
    return { end, reason: signal.aborted ? 'the run was ended' : reason };
  }

  /** One look at Prometheus and the logs. A failed look is journalled; the next may succeed. */
  async #look({ queries, logs, from }: Wanted): Promise<void> {
    const { watch, logWatch, journal, stop } = this.#context;
    try {
      await watch.poll(queries);
    } catch (error) {
      const message = messageOf(error);
      if (!stop.signal.aborted)
        journal.append({ type: 'trouble', at: Date.now(), code: 'PROMETHEUS_UNREACHABLE', message });
    }
    logWatch.poll(logs, from);
    // What is not in the journal cannot be judged: a full disk ends the run.
    if (journal.failure) stop.abort();
  }

  #baselineBefore(index: number): PhaseWindow | undefined {
    const { windows } = this.#context;
    return windows.findLast((window) => window !== undefined && window.kind === 'baseline' && window.index < index);
  }

  /** About once a scrape, never more than five times a second. */
  get #betweenLooksMs(): number {
    const { clock, intervals } = this.#context.plan;
    return Math.min(2_000, Math.max(200, clock.real(intervals.scrape)));
  }
}

interface Course {
  /** Real ms. */
  readonly end: number;
  readonly reason: string;
}

/** Resolves after real ms, or at once when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
