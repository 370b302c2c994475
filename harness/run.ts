/**
 * Runs a scenario: boot, phases (load, fault, watch), heal, drain, judge. The only orchestrator; everything that happens
 * goes to the journal first.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBooks } from './books.ts';
import { concludeRun } from './conclude.ts';
import { FiredrillError, messageOf } from './errors.ts';
import type { PhaseWindow } from './expectation.ts';
import { compareWithGrafana, GRAFANA, GRAFANA_AGREES, grafanaAt } from './grafana.ts';
import type { JournalEvent } from './journal.ts';
import { type Journal, openJournal } from './journal-file.ts';
import type { PhaseResult } from './judge.ts';
import { PhaseRunner, pause } from './phase-runner.ts';
import { movementOf, type Plan, presenceOf } from './plan.ts';
import { type Prometheus, prometheusAt } from './prometheus.ts';
import { startReceiver } from './receiver.ts';
import { RunRecord } from './record.ts';
import { runEvent } from './run-event.ts';
import { loadOf } from './scenario.ts';
import { boot } from './stack/boot.ts';
import type { OpenRuntime } from './stack/runtime.ts';
import type { RunningService, Stack } from './stack/service.ts';
import { Traffic } from './traffic.ts';
import { exitCodeOf, type Verdict } from './verdict.ts';
import { LogWatch, Watch } from './watch.ts';

export interface RunOptions {
  /** Created; holds the journal and the services' logs. */
  readonly folder: string;
  readonly seed: number;
  /** Where the services run. */
  readonly openRuntime: OpenRuntime;
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

const urlOf = ({ endpoint }: RunningService): string => `http://${endpoint.host}:${endpoint.port}`;

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
    const { services } = scenario.system;
    await using runtime = await this.#options.openRuntime(services, this.#options.say, this.#stop.signal);
    await using receiver = await startReceiver((event) => this.#journal.append(event), runtime.doorstep.listen);
    await using stack = await boot(runtime, {
      services,
      // Faults on the same link share what sits on it.
      interceptions: [
        ...new Set(scenario.phases.flatMap((phase) => phase.faults.flatMap((fault) => fault.interception ?? []))),
      ],
      outside: [{ address: 'receiver:9099', endpoint: receiver.endpoint }],
      clock: this.#plan.clock,
      logFolder,
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
    const url = urlOf(stack.service(scenario.system.app));
    const target = { url, seed: this.#options.seed, speed: this.#plan.clock.speed, keepIn: this.#options.folder };
    const traffic = new Traffic(target, this.#journal, (error) => {
      this.trouble(error);
      this.#stop.abort();
    });
    const prometheus = prometheusAt(stack.service('prometheus').endpoint);
    const watch = new Watch(this.#plan, prometheus, this.#journal, this.#record, Date.now());
    try {
      const [first] = scenario.phases;
      await traffic.use(first ? loadOf(scenario, first) : scenario.load);
      await this.#untilScraped(prometheus);
      const phases = new PhaseRunner({
        plan: this.#plan,
        journal: this.#journal,
        record: this.#record,
        full: this.#options.full,
        stop: this.#stop,
        stack,
        traffic,
        watch,
        logWatch: new LogWatch(stack, this.#journal),
        windows: this.#windows,
      });
      for (const [index, phase] of scenario.phases.entries()) {
        if (this.#stop.signal.aborted) break;
        this.#phases.push(await phases.run(index, phase));
        // The next phase need not wait for it.
        await this.#recording;
        this.#recording = this.#forTheReport(watch);
        if (phase.kind === 'baseline' && !this.#steady()) break;
      }
      await pause(watch.lag, this.#stop.signal);
      await this.#recording;
      await this.#forTheReport(watch);
    } finally {
      await traffic.stop(this.#stop.signal.aborted ? DRAIN_WHEN_ABORTED_MS : undefined);
    }
    if (!this.#stop.signal.aborted) await this.#closeBooks(stack, traffic);
    if (!this.#stop.signal.aborted) await this.#askGrafana(stack, prometheus);
    await this.#options.beforeTeardown?.(stack);
  }

  /**
   * Older Prometheus (2.42 for one) holds its targets back for five seconds after it starts, a throttle of its discovery
   * that no flag moves. Phases begin when it has seen everything once; traffic is already flowing.
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
      await pause(50, this.#stop.signal);
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

  async #closeBooks(stack: Stack, traffic: Traffic): Promise<void> {
    const { invariants, system } = this.#plan.scenario;
    if (invariants.length === 0) return;
    const ledger = await system.ledger(stack);
    const apps = (system.counting ?? [system.app]).map((name) => urlOf(stack.service(name)));
    const books = await readBooks(apps, traffic.totals, ledger);
    for (const invariant of invariants) {
      this.#journal.append({
        type: 'observation',
        at: Date.now(),
        invariant: invariant.name,
        facts: { ...invariant.observe(books) },
      });
    }
  }

  /** Over all phases, once everything has been stored. Nothing is asked where no Grafana was booted (--with grafana). */
  async #askGrafana(stack: Stack, prometheus: Prometheus): Promise<void> {
    const [first, last] = [this.#windows.find(Boolean), this.#windows.at(-1)];
    if (!stack.services.some(({ name }) => name === GRAFANA) || !first || !last) return;
    const grafana = grafanaAt(stack.service(GRAFANA).endpoint);
    const facts = await compareWithGrafana(this.#plan, prometheus, grafana, { from: first.start, to: last.end }).catch(
      (error: unknown) => ({ failure: messageOf(error) }),
    );
    this.#journal.append({ type: 'observation', at: Date.now(), invariant: GRAFANA_AGREES, facts: { ...facts } });
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

  #note(name: string, state: 'ready', port: number, ms: number): void {
    this.#journal.append({ type: 'service', at: Date.now(), name, state, detail: `port ${port}`, ms: Math.round(ms) });
  }
}
