/**
 * The kernel ends the processes of a run that is killed outright; containers are the engine's children, not ours. So a
 * process stands by in a session of its own, waits until the pipe from us breaks, and removes the stack then. It needs no
 * image, unlike testcontainers' reaper, and so works where no registry is reachable.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeStack } from './container-labels.ts';
import { connectEngine } from './engine.ts';

const LATECOMERS_MS = 2_000;

export interface Reaper {
  /** The stack is gone: nobody needs to stand by any more. */
  dismiss(): void;
}

export function standBy(stack: string): Reaper {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), stack], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as Socket).unref();
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  return { dismiss: () => child.kill('SIGKILL') };
}

/** The other side of the pipe. */
async function reap(stack: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  for await (const _ of process.stdin);
  const engine = await connectEngine();
  await removeStack(engine.container.dockerode, stack);
  // What the engine was asked to make just before may appear only now.
  await sleep(LATECOMERS_MS);
  await removeStack(engine.container.dockerode, stack);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] !== undefined) await reap(process.argv[2]);
