/** Starts `node cli.ts` as a person's shell does, in a temporary folder of its own that shows what a run leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once its output has these words. */
  says(words: string): Promise<void>;
}

/** A place for commands to run in: their TMPDIR and their --out. */
export interface Place extends Disposable {
  readonly temporary: string;
  readonly out: string;
  run(...args: string[]): Command;
  /** Command lines of live processes that work below the temporary folder: services of a run. */
  services(): string[];
  /** Stack folders that are still there. */
  folders(): string[];
}

/** `env`: variables over those of the tests. */
export function place(env: Readonly<Record<string, string>> = {}): Place {
  const temporary = mkdtempSync(join(tmpdir(), 'place-'));
  chmodSync(temporary, 0o755); // services that refuse root run as another account
  const out = join(temporary, 'out');
  return {
    temporary,
    out,
    run: (...args) => command([...args, ...(args.includes('--out') ? [] : ['--out', out])], temporary, env),
    services: () => processesBelow(temporary),
    folders: () => readdirSync(temporary).filter((name) => name.startsWith('firedrill-')),
    [Symbol.dispose]: () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function command(args: readonly string[], temporary: string, env: Readonly<Record<string, string>>): Command {
  const child = spawn(process.execPath, [join(ROOT, 'cli.ts'), ...args], {
    cwd: ROOT,
    // What a test does not ask for is a run as processes, engine or not.
    env: { ...process.env, FIREDRILL_RUNTIME: 'processes', TMPDIR: temporary, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      for (const check of waiting) check();
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const says = (words: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!`${output.stdout}${output.stderr}`.includes(words)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      void finished.then(() => reject(new Error(`it ended without "${words}":\n${output.stdout}${output.stderr}`)));
    });
  return { child, finished, says };
}

function processesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`)) continue;
      found.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
