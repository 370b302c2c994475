/** Synchronous work where there should be none: the app's event loop is blocked again and again, through its inspector. */
import { FiredrillError } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Duration } from '../harness/units.ts';
import { aName, someTime } from './arguments.ts';
import { type Inspector, withInspector } from './inspector.ts';
import { unlessAborted, until } from './patience.ts';
import { processorMs } from './process-facts.ts';
import { running } from './running.ts';

export interface BlockEventLoopOptions {
  /** How long each block lasts, in real time. */
  readonly forEach: Duration;
  /** From the start of one block to the start of the next. */
  readonly every: Duration;
}

/** A symbol of the global registry, so that another session finds it too. */
const BLOCKING = "globalThis[Symbol.for('firedrill.blocking')]";
/** So many blocks are no accident. */
const BLOCKS_FOR_PROOF = 3;
/** A block keeps a processor busy; on a crowded machine it has to share it with many. */
const PROCESSOR_SHARE = 0.2;
const FREE_WITHIN_MS = 5_000;

/** Throws BAD_UNIT, BAD_OPTION. */
export function blockEventLoop(name: string, { forEach, every }: BlockEventLoopOptions): Fault {
  aName(name, 'blockEventLoop: the service');
  const blockMs = someTime(forEach, 'blockEventLoop: forEach');
  const everyMs = someTime(every, 'blockEventLoop: every');
  if (blockMs >= everyMs) {
    throw new FiredrillError(
      'BAD_OPTION',
      `blockEventLoop: forEach is '${forEach}' and every is '${every}'; expected pauses between the blocks.`,
    );
  }
  return {
    name: 'blockEventLoop',
    description: `The event loop of ${name} is blocked for ${forEach} every ${every} (through its inspector).`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      const instance = running(service);
      const plant = (inspector: Inspector) =>
        inspector.evaluate(`void (${BLOCKING} = (${startBlocking})(${blockMs}, ${everyMs}))`);
      const usedBefore = (await processorMs(service)) ?? 0;
      await withInspector(service, plant, signal);
      return {
        async proof() {
          const { blocks, blockedMs } = await withInspector(service, blocked);
          const average = blocks === 0 ? 0 : blockedMs / blocks;
          const used = ((await processorMs(service)) ?? 0) - usedBefore;
          return {
            held: blocks >= BLOCKS_FOR_PROOF && average >= blockMs * 0.9 && used >= blockedMs * PROCESSOR_SHARE,
            seen: `${blocks} blocks of ${average.toFixed(0)} ms on average, ${used} ms of processor time used`,
            source: 'the inspector and the process table',
          };
        },
        async heal() {
          // A process started since is not blocked.
          if (service.instance === instance)
            await withInspector(service, (inspector) => stopBlocking(inspector, service.name));
        },
      };
    },
  };
}

/**
 * Runs in the app: a chain of timers, each of which keeps the loop busy. V8 serves the inspector in the middle of a
 * block, too, so an order to stop must be a flag: a timer that has fired cannot be cleared.
 */
function startBlocking(blockMs: number, everyMs: number) {
  const state = { blocks: 0, blockedMs: 0, stopped: false, blocking: false };
  const wait = (): void => {
    if (!state.stopped) setTimeout(block, everyMs - blockMs).unref();
  };
  const block = (): void => {
    if (state.stopped) return;
    state.blocking = true;
    const start = performance.now();
    while (performance.now() - start < blockMs && !state.stopped);
    state.blocks += 1;
    state.blockedMs += performance.now() - start;
    state.blocking = false;
    wait();
  };
  wait();
  return state;
}

interface Blocked {
  readonly blocks: number;
  readonly blockedMs: number;
}

const blocked = async (inspector: Inspector): Promise<Blocked> =>
  (await inspector.evaluate(
    `({ blocks: ${BLOCKING}?.blocks ?? 0, blockedMs: ${BLOCKING}?.blockedMs ?? 0 })`,
  )) as Blocked;

async function stopBlocking(inspector: Inspector, name: string): Promise<void> {
  await inspector.evaluate(`void (${BLOCKING} && (${BLOCKING}.stopped = true))`);
  await until(
    `the event loop of ${name} is free`,
    async () => (await inspector.evaluate(`${BLOCKING}?.blocking ?? false`)) === false,
    { withinMs: FREE_WITHIN_MS },
  );
  await inspector.evaluate(`void delete ${BLOCKING}`);
}
