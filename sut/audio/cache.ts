/**
 * Caches in Redis: what is read often and changes seldom. A cache has a name, a bound and a time to live; the entry used
 * longest ago makes room for one too many. Nothing depends on it: what gets no answer is a miss.
 */
import type { Redis } from 'ioredis';
import type { CacheRecorder } from '../telemetry/cache.ts';

/** Values of the `cache_name` label. */
export const CACHES = ['feed', 'post'] as const;
export type CacheName = (typeof CACHES)[number];

/** Why something was removed although its time was not up. */
export const INVALIDATIONS = [
  { reason: 'post_created', resourceType: 'feed' },
  { reason: 'followed', resourceType: 'feed' },
  { reason: 'liked', resourceType: 'post' },
  { reason: 'liked', resourceType: 'feed' },
] as const;
export type InvalidationReason = (typeof INVALIDATIONS)[number]['reason'];

/** Stores an entry, notes its use, and removes those used longest ago beyond the bound; returns how many. */
const STORE = `
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('zadd', KEYS[2], ARGV[3], KEYS[1])
local over = redis.call('zcard', KEYS[2]) - tonumber(ARGV[4])
if over <= 0 then return 0 end
local evicted = 0
for i, key in ipairs(redis.call('zrange', KEYS[2], 0, over - 1)) do
  evicted = evicted + redis.call('del', key)
  redis.call('zrem', KEYS[2], key)
end
return evicted`;

export interface CacheOptions {
  readonly redis: Redis;
  readonly recorder: CacheRecorder;
  readonly ttlMs: number;
  readonly maxEntries: number;
}

export class Cache {
  readonly #options: CacheOptions;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** What is cached under the key, or else what `load` resolves with, which is then cached. Throws what `load` throws. */
  async through<T>(cache: CacheName, key: string, load: () => Promise<T>): Promise<T> {
    const { recorder, redis } = this.#options;
    const name = keyOf(cache, key);
    const found = await this.#timed(cache, () => redis.get(name));
    if (typeof found === 'string') {
      recorder.hit(cache);
      void redis.zadd(indexOf(cache), 'XX', Date.now(), name).catch(() => {});
      return JSON.parse(found) as T;
    }
    recorder.miss(cache);
    const value = await load();
    // Nobody waits for the cache to be filled.
    if (value !== undefined) void this.#store(cache, name, JSON.stringify(value));
    return value;
  }

  /** Removes what is no longer true. */
  async invalidate(cache: CacheName, keys: readonly string[], reason: InvalidationReason): Promise<void> {
    const { recorder, redis } = this.#options;
    if (keys.length === 0) return;
    for (const _ of keys) recorder.invalidation(reason, cache);
    await this.#timed(cache, () => redis.del(...keys.map((key) => keyOf(cache, key))));
  }

  async #store(cache: CacheName, name: string, value: string): Promise<void> {
    const { recorder, redis, ttlMs, maxEntries } = this.#options;
    const evicted = await this.#timed(cache, () =>
      redis.eval(STORE, 2, name, indexOf(cache), value, ttlMs, Date.now(), maxEntries),
    );
    if (typeof evicted === 'number' && evicted > 0) recorder.evictions(cache, evicted);
  }

  /** undefined where Redis gave no answer. */
  async #timed<T>(cache: CacheName, operation: () => Promise<T>): Promise<T | undefined> {
    const began = performance.now();
    try {
      return await operation();
    } catch {
      return undefined;
    } finally {
      this.#options.recorder.operation(cache, (performance.now() - began) / 1000);
    }
  }
}

const keyOf = (cache: CacheName, key: string): string => `audio:cache:${cache}:${key}`;
const indexOf = (cache: CacheName): string => `audio:cache:${cache}`;
