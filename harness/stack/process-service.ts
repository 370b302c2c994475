/** One service as a process: started through setpriv so that it dies with us, its output straight into a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FiredrillError, messageOf } from '../errors.ts';
import { descendantsOf } from './descendants.ts';
import type { Endpoint, RunningService, ServiceContext, ServiceDescription } from './service.ts';

const READY_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
const STOP_WITHIN_MS = 5_000;
const LAST_LINES = 15;

export interface ProcessOptions {
  readonly description: ServiceDescription;
  readonly context: ServiceContext;
  readonly logFile: string;
  /** Called when the process ends without having been asked to. */
  readonly onCrash: (service: ProcessService, detail: string) => void;
}

export class ProcessService implements RunningService {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly logFile: string;
  readonly #options: ProcessOptions;
  #process: ChildProcess | undefined;
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

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#process) return;
    const { description, context } = this.#options;
    const [command, ...args] = underOurWatch(
      [context.locate(description.program), ...(await description.args(context))],
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
    await this.#untilReady(exit);
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

  /** The end of the log, for a message. */
  lastLines(): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    } catch {
      return '';
    }
  }

  /** To the group and to descendants that have left it. */
  async #signalAll(signal: NodeJS.Signals): Promise<void> {
    const below = this.pid === undefined ? [] : await descendantsOf(this.pid);
    this.#signal(signal);
    for (const pid of below) {
      try {
        process.kill(pid, signal);
      } catch {
        // Gone already.
      }
    }
  }

  /** To the whole group: a service may have children of its own (ffmpeg). Gone already is fine. */
  #signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #untilReady(exit: Promise<string>): Promise<void> {
    const { description } = this.#options;
    const deadline = performance.now() + READY_WITHIN_MS;
    let last: unknown;
    let ended: string | undefined;
    const ending = exit.then((detail) => {
      ended = detail;
      throw new Error(detail);
    });
    ending.catch(() => undefined);
    while (performance.now() < deadline && ended === undefined) {
      try {
        await Promise.race([description.ready(this.endpoint), ending, tooLong()]);
        this.#ready = true;
        return;
      } catch (error) {
        last = error;
        await sleep(25);
      }
    }
    const what =
      ended === undefined
        ? `was not ready after ${READY_WITHIN_MS / 1000} s: ${messageOf(last)}`
        : `ended while starting (${ended})`;
    await this.kill();
    throw new FiredrillError(
      'SERVICE_FAILED',
      `${this.name} ${what}. The end of its log (${this.logFile}):\n${this.lastLines().replace(/^/gm, '  | ')}`,
    );
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

/** One question whether a service is ready may take this long. */
const tooLong = (): Promise<never> =>
  sleep(ANSWER_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it did not answer within ${ANSWER_WITHIN_MS / 1000} s`);
  });

/**
 * The command under setpriv: the kernel kills it when we die, however we die, and a service that refuses root gets its
 * account. macOS has no setpriv; there the next start sweeps.
 */
export function underOurWatch(command: readonly string[], account?: string): readonly string[] {
  if (process.platform !== 'linux') return command;
  const as = account && process.getuid?.() === 0 ? [`--reuid=${account}`, `--regid=${account}`, '--init-groups'] : [];
  return ['setpriv', ...as, '--pdeathsig=KILL', '--', ...command];
}
