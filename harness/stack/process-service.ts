/** One service as a process: started through setpriv so that it dies with us, its output straight into a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { execa } from 'execa';
import { messageOf } from '../errors.ts';
import { descendantsOf } from './descendants.ts';
import { lastLinesOf } from './log-tail.ts';
import { isGone, processState } from './process-table.ts';
import { untilReady } from './readiness.ts';
import type { ManagedService, ServiceOrder } from './runtime.ts';
import type { Endpoint, Instance, ProcessContext, Sight } from './service.ts';

const STOP_WITHIN_MS = 5_000;

export interface ProcessOptions extends Pick<ServiceOrder, 'description' | 'logFile' | 'onCrash'> {
  readonly context: ProcessContext;
  /** Where its program was found. */
  readonly program: string;
}

export class ProcessService implements ManagedService {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly logFile: string;
  readonly #options: ProcessOptions;
  #process: ChildProcess | undefined;
  #last: Instance | undefined;
  #exit: Promise<string> | undefined;
  #ready = false;
  #paused = false;
  /** Set while the process is meant to end, so that its end is no crash. */
  #ending = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.name = options.description.name;
    this.endpoint = options.context.endpoint;
    this.logFile = options.logFile;
  }

  get instance(): Instance | undefined {
    return this.#process?.pid === undefined ? undefined : this.#last;
  }

  async look(): Promise<Sight> {
    const state = this.#last === undefined ? undefined : await processState(this.#last.pid);
    const name = this.#last?.name ?? this.name;
    const seen = isGone(state) ? `${name} is gone` : `${name} is in state ${state}`;
    return { state: isGone(state) ? 'gone' : state === 'T' ? 'paused' : 'running', seen, source: 'process table' };
  }

  /** A process listens where we are. */
  outside(inside: Endpoint): Endpoint {
    return inside;
  }

  async exec(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execa(command, args, { stdin: 'ignore' });
    return stdout;
  }

  signal(signal: NodeJS.Signals): Promise<void> {
    // Not the group: a signal means the process that asked to hear of it.
    if (this.instance) process.kill(this.instance.pid, signal);
    return Promise.resolve();
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#process) return;
    const { description, context } = this.#options;
    const [command, ...args] = underOurWatch(
      [this.#options.program, ...(await description.args(context))],
      description.account,
    );
    const log = openSync(this.logFile, 'a');
    this.#ending = false;
    this.#ready = false;
    this.#paused = false;
    // Not execa here: it pipes output through us, and what a service logs must survive our own end.
    const child = spawn(command as string, args, {
      cwd: context.folder,
      env: { ...process.env, ...description.env?.(context), ...env },
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal must reach us, not the services, or nothing could be healed.
      detached: true,
    });
    closeSync(log);
    this.#process = child;
    if (child.pid !== undefined) this.#last = { name: `process ${child.pid}`, pid: child.pid };
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => resolve(messageOf(error)));
      child.once('exit', (code, signal) => resolve(code === null ? String(signal) : `exit code ${code}`));
    });
    const exit = this.#exit.then((detail) => {
      this.#process = undefined;
      endGroup(child.pid);
      if (!this.#ending && this.#ready) this.#options.onCrash(this, detail);
      return detail;
    });
    await untilReady(description, this, exit, () => this.kill());
    this.#ready = true;
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#signalAll('SIGSTOP');
  }

  async resume(): Promise<void> {
    await this.#signalAll('SIGCONT');
    this.#paused = false;
  }

  async kill(): Promise<void> {
    this.#ending = true;
    this.#signal('SIGKILL');
    await this.#exit;
  }

  async stop(): Promise<void> {
    if (!this.#process) return;
    this.#ending = true;
    if (this.#paused) await this.#signalAll('SIGCONT');
    this.#signal(this.#options.description.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_WITHIN_MS);
    await this.#exit;
    clearTimeout(timer);
  }

  lastLines(): string {
    return lastLinesOf(this.logFile);
  }

  /** To the group and to descendants that have left it. */
  async #signalAll(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#process?.pid;
    const below = pid === undefined ? [] : await descendantsOf(pid);
    this.#signal(signal);
    for (const child of below) {
      try {
        process.kill(child, signal);
      } catch {
        // Gone already.
      }
    }
  }

  /** To the whole group: a service may have children of its own (ffmpeg). Gone already is fine. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** What a service that has ended leaves in its group goes with it: a child that outlives its parent has nobody to stop it. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // nobody left, as it should be
  }
}

/**
 * The command under setpriv: the kernel kills it when we die, however we die, and a service that refuses root gets its
 * account. macOS has no setpriv; there the next start sweeps.
 */
export function underOurWatch(command: readonly string[], account?: string): readonly string[] {
  if (process.platform !== 'linux') return command;
  const as = account && process.getuid?.() === 0 ? [`--reuid=${account}`, `--regid=${account}`, '--init-groups'] : [];
  return ['setpriv', ...as, '--pdeathsig=KILL', '--', ...command];
}
