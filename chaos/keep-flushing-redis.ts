/** Somebody empties Redis again and again, as a script gone wild does: nothing that is kept there stays for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Duration } from '../harness/units.ts';
import { aName, someTime } from './arguments.ts';
import { unlessAborted } from './patience.ts';

export interface KeepFlushingOptions {
  /** Real time from one FLUSHALL to the next. */
  readonly every: Duration;
  /** Default 'redis'. */
  readonly service?: string;
}

/** Throws BAD_UNIT, BAD_OPTION. */
export function keepFlushingRedis({ every, service: name = 'redis' }: KeepFlushingOptions): Fault {
  aName(name, 'keepFlushingRedis: service');
  const everyMs = someTime(every, 'keepFlushingRedis: every');
  return {
    name: 'keepFlushingRedis',
    description: `${name} is emptied every ${every} (FLUSHALL).`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const { host, port } = stack.service(name).endpoint;
      const redis = new Redis({ host, port, lazyConnect: true, maxRetriesPerRequest: 0 });
      redis.on('error', () => {});
      const flushes = async () => flushesIn(await redis.info('commandstats'));
      let before: number;
      try {
        await redis.connect();
        before = await flushes();
        await redis.flushall();
      } catch (error) {
        redis.disconnect();
        throw new FiredrillError('FAULT_FAILED', `Redis at ${host}:${port}: ${messageOf(error)}`, { cause: error });
      }
      const stop = new AbortController();
      const flushing = (async () => {
        while (!stop.signal.aborted) {
          await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {});
          // One that is refused, by a Redis that restarts, is followed by the next.
          if (!stop.signal.aborted) await redis.flushall().catch(() => {});
        }
      })();
      return {
        async proof() {
          const done = (await flushes().catch(() => before)) - before;
          return { held: done > 1, seen: `${done} calls of FLUSHALL`, source: 'INFO commandstats' };
        },
        async heal() {
          stop.abort();
          await flushing;
          redis.disconnect();
        },
      };
    },
  };
}

/** 'cmdstat_flushall:calls=3,usec=…' */
const flushesIn = (stats: string): number => Number(/^cmdstat_flushall:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
