/**
 * Runs a scenario: boot, phases (load, fault, watch), heal, drain, judge. The only orchestrator; everything that happens
 * goes to the journal first.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBooks } from './books.ts';
import { concludeRun } from './conclude.ts';
import { FiredrillError, messageOf } from './errors.ts';
import type { LogQuery, PhaseWindow, Query } from './expectation.ts';
import { PhaseFaults } from './faults.ts';
import type { JournalEvent } from './journal.ts';
import { type Journal, openJournal } from './journal-file.ts';
import { judgePhase, type PhaseResult } from './judge.ts';
import { movementOf, type Plan, presenceOf } from './plan.ts';
import { type Prometheus, prometheusAt } from './prometheus.ts';
import { startReceiver } from './receiver.ts';
import { RunRecord } from './record.ts';
import { runEvent } from './run-event.ts';
import type { Phase } from './scenario.ts';
import { bootProcesses } from './stack/processes.ts';
import type { Stack } from './stack/service.ts';
import { Traffic } from './traffic.ts';
import { exitCodeOf, type Verdict } from './verdict.ts';
import { LogWatch, Watch } from './watch.ts';

export interface RunOptions {
  /** Created; holds the journal and the services' logs. */
  readonly folder: string;
  readonly seed: number;
  /** Phases run to their end even when everything is decided. */
  readonly full: boolean;
  /** Aborting it ends the run early: healed, torn down, verdict unknown. */
  readonly signal: AbortSignal;
  /** Versions and settings for the report. */
  readonly about: { readonly versions: Record<string, string>; readonly settings: Record<string, string> };
  /** Everything as it happens, for the terminal. */
  readonly onEvent: (event: JournalEvent) => void;
  readonly say: (line: string) => void;
  /** Called before the stack is torn down, while everything still runs (--keep). */
  readonly beforeTeardown?: (stack: Stack) => Promise<void>;
}

export interface RunResult {
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly sentence: string;
}

const FIRST_SCRAPE_WITHIN_MS = 30_000;
/** An interrupted run's counts decide nothing; its last answers are worth a moment, not the drain's full bound. */
const DRAIN_WHEN_ABORTED_MS = 3_000;

/** Throws OUTPUT_UNWRITABLE where the folder cannot be made; whatever else goes wrong ends in a journalled verdict. */
export async function run(plan: Plan, options: RunOptions): Promise<RunResult> {
  const logs = join(options.folder, 'logs');
  await mkdir(logs, { recursive: true }).catch((error: unknown) => {
    throw new FiredrillError(
      'OUTPUT_UNWRITABLE',
      `${options.folder} cannot be created: ${messageOf(error)}. Choose another folder with --out.`,
      { cause: error },
    );
  });
  const record = new RunRecord();
  using journal = openJournal(join(options.folder, 'journal.jsonl'), (event) => {
    record.add(event);
    options.onEvent(event);
  });
  journal.append(runEvent(plan, options));
  const course = new Course(plan, options, journal, record);
  try {
    await course.run(logs);
  } catch (error) {
    if (!options.signal.aborted) course.trouble(error);
  }
  return course.conclude();
}

/** One run in progress. */
class Course {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #journal: Journal;
  readonly #record: RunRecord;
  /** Ends the phases: an interruption from outside, or a service that died. */
  readonly #stop = new AbortController();
  readonly #phases: PhaseResult[] = [];
  readonly #windows: PhaseWindow[] = [];
  #troubled = false;
  #recording: Promise<void> = Promise.resolve();

  constructor(plan: Plan, options: RunOptions, journal: Journal, record: RunRecord) {
    this.#plan = plan;
    this.#options = options;
    this.#journal = journal;
    this.#record = record;
    if (options.signal.aborted) this.#stop.abort();
    options.signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
  }

  trouble(error: unknown): void {
    this.#troubled = true;
    const code = error instanceof FiredrillError ? error.code : 'DEFECT';
    const message =
      error instanceof FiredrillError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    this.#journal.append({ type: 'trouble', at: Date.now(), code, message });
  }

  async run(logFolder: string): Promise<void> {
    const { scenario } = this.#plan;
    await using receiver = await startReceiver((event) => this.#journal.append(event));
    await using stack = await bootProcesses({
      services: scenario.system.services,
      // Faults on the same link share what sits on it.
      interceptions: [
        ...new Set(scenario.phases.flatMap((phase) => phase.faults.flatMap((fault) => fault.interception ?? []))),
      ],
      outside: [{ address: 'receiver:9099', endpoint: receiver.endpoint }],
      clock: this.#plan.clock,
      logFolder,
      say: this.#options.say,
      signal: this.#stop.signal,
      onReady: (service, ms) => this.#note(service.name, 'ready', service.endpoint.port, ms),
      onCrash: (service, detail, lastLines) => {
        this.#journal.append({ type: 'service', at: Date.now(), name: service.name, state: 'exited', detail });
        this.trouble(
          new FiredrillError(
            'SERVICE_FAILED',
            `${service.name} ended in the middle of the run (${detail}). The end of its log:\n${lastLines.replace(/^/gm, '  | ')}`,
          ),
        );
        this.#stop.abort();
      },
    });
    const { endpoint } = stack.service(scenario.system.app);
    const url = `http://${endpoint.host}:${endpoint.port}`;
    const traffic = new Traffic({ url, seed: this.#options.seed, speed: this.#plan.clock.speed }, this.#journal);
    const prometheus = prometheusAt(stack.service('prometheus').endpoint);
    const watch = new Watch(this.#plan, prometheus, this.#journal, this.#record, Date.now());
    const logWatch = new LogWatch(stack, this.#journal);
    try {
      await traffic.use(scenario.phases[0]?.load ?? scenario.load);
      await this.#untilScraped(prometheus);
      for (const [index, phase] of scenario.phases.entries()) {
        if (this.#stop.signal.aborted) break;
        await this.#runPhase(index, phase, { stack, traffic, watch, logWatch });
        if (phase.kind === 'baseline' && !this.#steady()) break;
      }
      await this.#pause(watch.lag);
      await this.#recording;
      await this.#forTheReport(watch);
    } finally {
      await traffic.stop(this.#stop.signal.aborted ? DRAIN_WHEN_ABORTED_MS : undefined);
    }
    if (!this.#stop.signal.aborted) await this.#closeBooks(stack, traffic, url);
    await this.#options.beforeTeardown?.(stack);
  }

  /**
   * Prometheus before 3.11 holds its targets back for five seconds after it starts (its discovery throttle, which no
   * flag moves); phases begin when it has seen everything once. Traffic is already flowing.
   */
  async #untilScraped(prometheus: Prometheus): Promise<void> {
    const began = Date.now();
    while (!this.#stop.signal.aborted) {
      if (await prometheus.scraping().catch(() => false)) break;
      if (Date.now() - began > FIRST_SCRAPE_WITHIN_MS)
        throw new FiredrillError(
          'PROMETHEUS_UNREACHABLE',
          'Prometheus has not scraped every target within 30 s of its start; see its log in the run folder.',
        );
      await this.#pause(50);
    }
    this.#journal.append({
      type: 'service',
      at: Date.now(),
      name: 'prometheus',
      state: 'started',
      detail: 'first scrape of every target',
      ms: Date.now() - began,
    });
  }

  async #runPhase(index: number, phase: Phase, parts: Parts): Promise<void> {
    const { stack, traffic, watch, logWatch } = parts;
    const { clock } = this.#plan;
    const start = Date.now();
    this.#journal.append({ type: 'phase', at: start, index, kind: phase.kind, state: 'start' });
    const window = (end: number): PhaseWindow => ({ index, kind: phase.kind, title: phase.title, start, end });
    const faults = new PhaseFaults(index, this.#journal);
    let end = start;
    let reason = 'its time was up';
    try {
      const planned = start + clock.real(phase.durationMs);
      await Promise.all([
        traffic.use(phase.load ?? this.#plan.scenario.load),
        faults.inject(phase.faults, stack, this.#stop.signal),
      ]);
      const queries = phase.expectations.flatMap((expectation) => expectation.queries(this.#plan));
      const logs = { queries: phase.expectations.flatMap((expectation) => expectation.needs.logs ?? []), from: start };
      const waitsForDecisions =
        phase.kind !== 'baseline' &&
        !this.#options.full &&
        phase.expectations.some(({ deadline }) => deadline !== undefined);
      while (Date.now() < planned && !this.#stop.signal.aborted) {
        await this.#pause(Math.min(this.#pollMs, planned - Date.now()));
        await this.#look(watch, logWatch, queries, logs);
        await faults.prove();
        end = Date.now();
        if (!waitsForDecisions || !faults.proven) continue;
        const open = judgePhase(this.#plan, this.#record, phase, window(end), this.#baselineBefore(index), false).open;
        if (open > 0) continue;
        reason = 'everything was decided';
        break;
      }
      end = Math.min(Date.now(), Math.max(planned, end));
      if (!this.#stop.signal.aborted && phase.expectations.length > 0) {
        // What happened up to the end of the phase is stored a scrape later; the fault stays until that has been seen.
        await this.#pause(watch.lag + 50);
        await this.#look(watch, logWatch, queries, logs);
      }
      if (this.#stop.signal.aborted) reason = this.#options.signal.aborted ? 'interrupted' : 'the run cannot go on';
    } finally {
      try {
        await faults.heal();
      } finally {
        this.#windows[index] = window(end);
        this.#journal.append({ type: 'phase', at: end, index, kind: phase.kind, state: 'end', reason });
      }
    }
    const result = judgePhase(
      this.#plan,
      this.#record,
      phase,
      window(end),
      this.#baselineBefore(index),
      !this.#stop.signal.aborted,
    );
    this.#phases.push(result);
    // The next phase need not wait for it.
    await this.#recording;
    this.#recording = this.#forTheReport(watch);
  }

  /** One look at Prometheus and the logs. A single failed look is journalled; the next may succeed. */
  async #look(watch: Watch, logWatch: LogWatch, queries: readonly Query[], logs: LogsWanted): Promise<void> {
    try {
      await watch.poll(queries);
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#journal.append({
          type: 'trouble',
          at: Date.now(),
          code: 'PROMETHEUS_UNREACHABLE',
          message: messageOf(error),
        });
    }
    logWatch.poll(logs.queries, logs.from);
    // What is not in the journal cannot be judged: a full disk ends the run.
    if (this.#journal.failure) this.#stop.abort();
  }

  /** What no expectation waits for but the report shows: every panel, alert condition and metric of the system. */
  async #forTheReport(watch: Watch): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { alerts, panels, scenario } = this.#plan;
    await watch
      .record([
        ...panels.flatMap((panel) => panel.queries),
        ...alerts.flatMap((alert) => [alert.condition, ...alert.metrics.map(presenceOf)]),
        ...scenario.system.monitoring.metrics.map(movementOf),
      ])
      .catch((error: unknown) => this.trouble(error));
  }

  async #closeBooks(stack: Stack, traffic: Traffic, url: string): Promise<void> {
    const { invariants, system } = this.#plan.scenario;
    if (invariants.length === 0) return;
    const books = await readBooks(url, traffic.totals, await system.ledger(stack));
    for (const invariant of invariants) {
      this.#journal.append({
        type: 'observation',
        at: Date.now(),
        invariant: invariant.name,
        facts: { ...invariant.observe(books) },
      });
    }
  }

  /** Judges everything, journals it, and says what came of the run. */
  conclude(): RunResult {
    const interrupted = this.#options.signal.aborted;
    if (this.#journal.failure) this.#troubled = true;
    const at = Date.now();
    const conclusion = concludeRun(this.#plan, this.#record, {
      phases: this.#phases,
      windows: this.#windows,
      interrupted,
      troubled: this.#troubled,
    });
    for (const judgement of conclusion.judgements) this.#journal.append({ type: 'judgement', at, ...judgement });
    for (const detection of conclusion.detections) this.#journal.append({ type: 'detection', at, ...detection });
    const { verdict, sentence, coverage } = conclusion;
    const exitCode = interrupted ? 130 : exitCodeOf(verdict);
    this.#journal.append({ type: 'end', at, verdict, sentence, exitCode, interrupted, coverage });
    if (this.#journal.failure) this.#options.say(this.#journal.failure.message);
    return { verdict, exitCode, sentence };
  }

  /** The steady state is a gate: without it a fault would prove nothing. */
  #steady(): boolean {
    return this.#phases.at(-1)?.judgements.every(({ verdict }) => verdict === 'held') ?? true;
  }

  #baselineBefore(index: number): PhaseWindow | undefined {
    return this.#windows.findLast(
      (window) => window !== undefined && window.kind === 'baseline' && window.index < index,
    );
  }

  /** Real ms between looks: about once a scrape, never more than five times a second. */
  get #pollMs(): number {
    return Math.min(2_000, Math.max(200, this.#plan.clock.real(this.#plan.intervals.scrape)));
  }

  async #pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #note(name: string, state: 'ready', port: number, ms: number): void {
    this.#journal.append({ type: 'service', at: Date.now(), name, state, detail: `port ${port}`, ms: Math.round(ms) });
  }
}

interface LogsWanted {
  readonly queries: readonly LogQuery[];
  readonly from: number;
}

interface Parts {
  readonly stack: Stack;
  readonly traffic: Traffic;
  readonly watch: Watch;
  readonly logWatch: LogWatch;
}
