/** Synchronous work where there should be none: the app's event loop is blocked again and again, through its inspector. */
import { FiredrillError } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { RunningService } from '../harness/stack/service.ts';
import type { Duration } from '../harness/units.ts';
import { aName, someTime } from './arguments.ts';
import { type Inspector, inspect } from './inspector.ts';
import { unlessAborted, until } from './patience.ts';
import { runningPid } from './running.ts';

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
      const pid = runningPid(service);
      let inspector = await inspect(service, signal);
      await inspector.evaluate(`void (${BLOCKING} = (${startBlocking})(${blockMs}, ${everyMs}))`);
      const begun = await blocksAndTime(inspector);
      return {
        async proof() {
          const now = await blocksAndTime(inspector).catch(async () => {
            inspector = await inspect(service);
            return blocksAndTime(inspector);
          });
          const blocks = now.blocks - begun.blocks;
          const average = blocks === 0 ? 0 : (now.blockedMs - begun.blockedMs) / blocks;
          const share = (now.processorMs - begun.processorMs) / (now.at - begun.at);
          return {
            held: blocks >= BLOCKS_FOR_PROOF && average >= blockMs * 0.9,
            seen: `${blocks} blocks of ${average.toFixed(0)} ms on average, processor at ${(share * 100).toFixed(0)}%`,
            source: 'the inspector',
          };
        },
        async heal() {
          inspector.disconnect();
          if (service.pid === pid) await stopBlocking(service);
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
  readonly at: number;
  readonly blocks: number;
  readonly blockedMs: number;
  /** Processor time of the whole process. */
  readonly processorMs: number;
}

async function blocksAndTime(inspector: Inspector): Promise<Blocked> {
  const value = await inspector.evaluate(
    `({ at: performance.now(), blocks: ${BLOCKING}?.blocks ?? 0, blockedMs: ${BLOCKING}?.blockedMs ?? 0,
        processorMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000 })`,
  );
  return value as Blocked;
}

/** Through a session of its own: the one that planted it may be lost by now. */
async function stopBlocking(service: RunningService): Promise<void> {
  const inspector = await inspect(service);
  await inspector.evaluate(`void (${BLOCKING} && (${BLOCKING}.stopped = true))`);
  await until(
    `the event loop of ${service.name} is free`,
    async () => (await inspector.evaluate(`${BLOCKING}?.blocking ?? false`)) === false,
    { withinMs: FREE_WITHIN_MS },
  );
  await inspector.evaluate(`void delete ${BLOCKING}`);
  await inspector.close();
}
