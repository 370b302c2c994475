/** Scenario runs as a person starts them: `node cli.ts`, timed from the command to its end, their folders kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { JournalEvent } from '../harness/journal.ts';
import { underOurWatch } from '../harness/stack/process-service.ts';
import { readJournal } from '../reports/journal-file.ts';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));

export interface FinishedRun {
  readonly id: string;
  /** Holds journal.jsonl and report.html. */
  readonly folder: string;
  readonly events: readonly JournalEvent[];
}

export interface TimedRun extends FinishedRun {
  /** Real ms from the command to the verdict, and to the end of the process, when the reports are written. */
  readonly toVerdictMs: number;
  readonly toExitMs: number;
}

export interface TimedSuite {
  readonly runs: readonly FinishedRun[];
  /** Real ms from the command to the end of the process. */
  readonly toExitMs: number;
}

/** A run that was not held says nothing about how long a held one takes. */
export class NotHeld extends Error {
  override name = 'NotHeld';
}

export class Runs {
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #kept: FinishedRun[] = [];

  constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** Every run so far that was held. */
  get kept(): readonly FinishedRun[] {
    return this.#kept;
  }

  /** Takes in the held runs below a folder, such as reports/out. */
  async adopt(folder: string): Promise<void> {
    for await (const file of glob('**/journal.jsonl', { cwd: folder })) {
      const path = join(folder, file);
      const run = await read(dirname(path));
      if (verdictOf(run.events) === 'held') this.#kept.push(run);
    }
  }

  /** Runs a scenario at speed 60. `watch` is given the process' id. Throws NotHeld, with what the run said. */
  async fresh(id: string, watch?: (pid: number) => void): Promise<TimedRun> {
    const { out, began, ended } = await this.#run(id, watch);
    // The run's own folder is named after the time.
    const [time] = await readdir(join(out, id));
    if (time === undefined) throw new Error(`${id} left nothing in ${out}`);
    const run = await read(join(out, id, time));
    this.#kept.push(run);
    const verdictAt = run.events.find(({ type }) => type === 'end')?.at ?? ended;
    return { ...run, toVerdictMs: verdictAt - began, toExitMs: ended - began };
  }

  /** Runs all scenarios of a pattern ('audio/*') with one command, one after the other. Throws NotHeld unless all are. */
  async suite(pattern: string): Promise<TimedSuite> {
    const { out, began, ended } = await this.#run(pattern);
    const before = this.#kept.length;
    await this.adopt(out);
    return { runs: this.#kept.slice(before), toExitMs: ended - began };
  }

  async #run(pattern: string, watch?: (pid: number) => void): Promise<{ out: string; began: number; ended: number }> {
    const out = await mkdtemp(join(this.#folder, 'run-'));
    const [command = '', ...args] = underOurWatch([process.execPath, CLI, pattern, '--out', out]);
    const began = Date.now();
    // A group of its own: Ctrl-C comes through us, once, and the run heals and ends in order.
    const env = { ...process.env, FIREDRILL_RUNTIME: 'processes' };
    const child = spawn(command, args, { detached: true, env, stdio: ['ignore', 'ignore', 'pipe'] });
    const interrupt = () => child.kill('SIGINT');
    this.#signal.addEventListener('abort', interrupt, { once: true });
    if (child.pid !== undefined) watch?.(child.pid);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    const ended = Date.now();
    this.#signal.removeEventListener('abort', interrupt);
    this.#signal.throwIfAborted();
    if (code !== 0)
      throw new NotHeld(`${pattern} ended with code ${code}: ${said.trim().split('\n').slice(-8).join(' / ')}`);
    return { out, began, ended };
  }

  /** The newest run of a scenario so far; where there is none, a fresh one. */
  async any(id: string): Promise<FinishedRun> {
    return this.#kept.findLast((run) => run.id === id) ?? (await this.fresh(id));
  }
}

async function read(folder: string): Promise<FinishedRun> {
  const { events } = await readJournal(join(folder, 'journal.jsonl'));
  return { id: events.find((event) => event.type === 'run')?.id ?? '', folder, events };
}

const verdictOf = (events: readonly JournalEvent[]) => events.find((event) => event.type === 'end')?.verdict;
