/** The connection to Redis: it fails at once where Redis is not there, for nothing that matters rests on it. */
import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/logger.ts';

/** Opens nothing yet. A command that gets no answer for `timeoutMs` is given up. */
export function createRedis(url: string, timeoutMs: number): Redis {
  return new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  });
}

/** Connects, and keeps the connection from then on. Resolves when the first try is over, however it went. */
export async function connectRedis(redis: Redis, logger: Logger): Promise<void> {
  redis.on('ready', () => logger.info('redis is connected'));
  // Reported once per outage, not once per attempt to reconnect.
  redis.on('close', () => logger.warn('redis connection lost'));
  redis.on('error', (error) => logger.debug({ err: error }, 'redis connection error'));
  await redis.connect().catch(() => {
    // The client goes on trying by itself.
  });
}

/** Lets go of it without a word in the log. */
export function closeRedis(redis: Redis): void {
  redis.removeAllListeners('close');
  redis.disconnect();
}
