/** A memory leak: the app holds on to more and more, filled so that it is resident. Planted through its inspector. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../harness/fault.ts';
import type { RunningService } from '../harness/stack/service.ts';
import { type Bytes, bytes as bytesOf, type Duration, milliseconds } from '../harness/units.ts';
import { aName, someBytes } from './arguments.ts';
import { type Inspector, withInspector } from './inspector.ts';
import { unlessAborted, until } from './patience.ts';
import { residentBytes } from './process-facts.ts';
import { running } from './running.ts';

export interface LeakMemoryOptions {
  /** How much, in all. */
  readonly bytes: Bytes;
  /** How long it takes to grow, in real time; default '0s', as fast as it goes. */
  readonly over?: Duration;
}

/** Filled at a time: some milliseconds of the app's event loop. */
const STEP_BYTES = bytesOf('4MiB');
/**
 * The least to allocate in one piece. Beyond 32 MiB glibc always takes pages straight from the kernel (mmap, whose
 * threshold adapts up to DEFAULT_MMAP_THRESHOLD_MAX), so that they go back to it when they are freed.
 */
const PIECE_BYTES = bytesOf('33MiB');
const RELEASED_WITHIN_MS = 15_000;
/** What counts as grown, and as fallen: the app's own memory comes and goes beside the leak. */
const MOST = 0.9;

/** What the app may take for itself while it gives back: garbage collection and a session with its inspector cost memory. */
const SLACK_BYTES = bytesOf('16MiB');

/** Where the app's global object holds it; a symbol of the global registry, so that another session finds it too. */
const LEAK = "globalThis[Symbol.for('firedrill.leak')]";

/** Throws BAD_UNIT, BAD_OPTION. */
export function leakMemory(name: string, { bytes, over = '0s' }: LeakMemoryOptions): Fault {
  aName(name, 'leakMemory: the service');
  const total = someBytes(bytes, 'leakMemory: bytes');
  const overMs = milliseconds(over, 'leakMemory: over');
  return {
    name: 'leakMemory',
    description: `${name} leaks ${bytes}${overMs > 0 ? ` over ${over}` : ''} (buffers kept and filled, through its inspector).`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      const instance = running(service);
      const before = (await residentBytes(service)) ?? 0;
      const stopped = new AbortController();
      const end = AbortSignal.any([signal, stopped.signal]);
      const growing = withInspector(service, (inspector) => grow(inspector, total, overMs, end), signal);
      // At once: the fault is injected when it is all there. Over time: it grows on, and the proof waits for it.
      if (overMs === 0) await growing;
      else growing.catch(() => {});
      return {
        async proof() {
          const risen = ((await residentBytes(service)) ?? 0) - before;
          return {
            held: risen >= total * MOST,
            seen: `resident memory rose by ${mebibytes(risen)} of ${mebibytes(total)}`,
            source: "the process' VmRSS",
          };
        },
        async heal() {
          stopped.abort();
          await growing.catch(() => {});
          // A process started since has no leak.
          if (service.instance === instance) await withInspector(service, (inspector) => release(inspector, service));
        },
      };
    },
  };
}

async function grow(inspector: Inspector, total: number, overMs: number, signal: AbortSignal): Promise<void> {
  const pieces = Math.max(1, Math.floor(total / PIECE_BYTES));
  const steps = Math.ceil(total / STEP_BYTES);
  const start = performance.now();
  await inspector.evaluate(`void (${LEAK} = { pieces: [], filled: 0 })`);
  for (let step = 0; step < steps && !signal.aborted; step++) {
    const wait = start + (overMs * step) / steps - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    await inspector.evaluate(`(${fillNext})(${LEAK}, ${Math.ceil(total / pieces)}, ${STEP_BYTES}, ${total})`);
  }
}

/** Runs in the app: fills the next bytes, in a new piece where the last is full. */
function fillNext(leak: { pieces: Buffer[]; filled: number }, piece: number, step: number, total: number): void {
  const end = Math.min(total, leak.filled + step);
  while (leak.filled < end) {
    const index = Math.floor(leak.filled / piece);
    const from = leak.filled - index * piece;
    const to = Math.min(piece, from + (end - leak.filled));
    leak.pieces[index] ??= Buffer.allocUnsafeSlow(piece);
    // Not zeros: pages of zeros may be shared, and so not resident.
    leak.pieces[index].fill(1, from, to);
    leak.filled += to - from;
  }
}

async function release(inspector: Inspector, service: RunningService): Promise<void> {
  const leaking = (await residentBytes(service)) ?? 0;
  const filled = Number(await inspector.evaluate(`${LEAK}?.filled ?? 0`));
  await inspector.evaluate(`void delete ${LEAK}`);
  await until(
    `the leaked memory of ${service.name} is given back`,
    async () => {
      await inspector.collectGarbage();
      return leaking - ((await residentBytes(service)) ?? 0) >= filled * MOST - SLACK_BYTES;
    },
    { withinMs: RELEASED_WITHIN_MS },
  );
}

const mebibytes = (bytes: number): string => `${(bytes / bytesOf('1MiB')).toFixed(0)} MiB`;
