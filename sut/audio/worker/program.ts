/** Runs a program for a stage, and sees to it that it really ends: at its time limit, with its job, and with the worker. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Run {
  readonly command: string;
  readonly args: readonly string[];
  /** Real milliseconds; then it is killed. */
  readonly timeoutMs: number;
  /** Kills it, too. */
  readonly signal: AbortSignal;
  /** Told of its output as it comes; left out, the output is thrown away. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last of what it said to standard error. */
  readonly said: string;
  readonly timedOut: boolean;
  readonly tookMs: number;
}

const KEPT_CHARACTERS = 2_000;
/** Linux kills what it starts when the worker dies, however it dies: a child that was stopped would stay for ever. */
const SETPRIV = process.platform === 'linux' ? '/usr/bin/setpriv' : '';
const WATCHED = SETPRIV !== '' && existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--'] : [];

/**
 * Resolves once the program is gone and its output closed, however it ended. Killed means SIGKILL: a program that hangs, or
 * that was stopped, heeds nothing less. Rejects where it cannot be started.
 */
export function run({ command, args, timeoutMs, signal, onOutput }: Run): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const [program = command, ...rest] = [...WATCHED, command, ...args];
    const child = spawn(program, rest, { stdio: ['ignore', onOutput === undefined ? 'ignore' : 'pipe', 'pipe'] });
    let said = '';
    let timedOut = false;
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutMs);
    if (signal.aborted) kill();
    signal.addEventListener('abort', kill, { once: true });
    const release = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    };
    if (onOutput !== undefined) child.stdout?.on('data', onOutput);
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-KEPT_CHARACTERS);
    });
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('close', (code, ended) => {
      release();
      resolve({ code, signal: ended, said: said.trim(), timedOut, tookMs: performance.now() - began });
    });
  });
}
