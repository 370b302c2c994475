/** Redis dies and comes back empty, at once: what was cached, counted and locked there is lost. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Endpoint } from '../harness/stack/service.ts';
import { aName } from './arguments.ts';
import { unlessAborted } from './patience.ts';
import { running } from './running.ts';

/** Throws BAD_OPTION. */
export function flushRedis(name = 'redis'): Fault {
  aName(name, 'flushRedis: the service');
  return {
    name: 'flushRedis',
    description: `${name} is killed and comes back empty.`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      const before = running(service);
      // A key of ours, set before, must be gone after.
      const marker = `firedrill:${randomUUID()}`;
      await withRedis(service.endpoint, (redis) => redis.set(marker, '1'));
      await service.kill();
      await service.start();
      // A Redis that persists has loaded its keys again.
      await withRedis(service.endpoint, async (redis) => {
        if ((await redis.exists(marker)) > 0) await redis.flushall();
      });
      return {
        proof: () =>
          withRedis(service.endpoint, async (redis) => {
            const lost = (await redis.exists(marker)) === 0;
            const { instance } = service;
            const restarted = instance !== undefined && instance !== before;
            return {
              held: lost && restarted,
              seen: `${restarted ? `${instance.name} took over from ${before.name}` : 'the same process'}, what was stored before is ${lost ? 'gone' : 'there'}`,
              source: 'Redis',
            };
          }),
        // There is nothing to put back: that Redis is there is all one can ask.
        async heal() {
          if (service.instance === undefined) await service.start();
          await withRedis(service.endpoint, (redis) => redis.ping());
        },
      };
    },
  };
}

async function withRedis<T>({ host, port }: Endpoint, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await work(redis);
  } catch (error) {
    throw new FiredrillError('FAULT_FAILED', `Redis at ${host}:${port}: ${messageOf(error)}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}
