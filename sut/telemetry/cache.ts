/** Cache telemetry: hits and misses, what operations take, and what leaves a cache before its time. */
import { Counter, type Registry } from 'prom-client';
import { Distribution, kept, type Series } from './distribution.ts';

/** Receives what happens to caches. */
export interface CacheRecorder {
  hit(cache: string): void;
  /** Nothing was there, or the cache did not answer. */
  miss(cache: string): void;
  /** A lookup, a store or a removal took `seconds`, whether it worked or not. */
  operation(cache: string, seconds: number): void;
  /** Something was removed because it was no longer true. */
  invalidation(reason: string, resourceType: string): void;
  /** `count` entries had to make room for others. */
  evictions(cache: string, count: number): void;
}

export interface Invalidation {
  readonly reason: string;
  readonly resourceType: string;
}

const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Registers the cache_* metrics, with the series of these caches and invalidations at 0. */
export function cacheRecorder(
  registry: Registry,
  caches: readonly string[],
  invalidations: readonly Invalidation[],
): CacheRecorder {
  const registers = [registry];
  const counter = (name: string, help: string) => {
    const metric = new Counter({ name, help, labelNames: ['cache_name'], registers });
    for (const cache_name of caches) metric.inc({ cache_name }, 0);
    return metric;
  };
  const hits = counter('cache_hits_total', 'Lookups that found something');
  const misses = counter('cache_misses_total', 'Lookups that found nothing, or got no answer');
  const evictions = counter('cache_evictions_total', 'Entries that made room for others');
  const invalidated = new Counter({
    name: 'cache_invalidations_total',
    help: 'Removals of what was no longer true',
    labelNames: ['reason', 'resource_type'],
    registers,
  });
  for (const { reason, resourceType } of invalidations) invalidated.inc({ reason, resource_type: resourceType }, 0);
  const duration = new Distribution({
    name: 'cache_operation_duration_seconds',
    help: 'Time a cache operation took',
    buckets: BUCKETS,
    registry,
  });
  const known = new Map<string, Series>();
  const seriesOf = (cache_name: string) => kept(known, cache_name, () => duration.add({ cache_name }));
  for (const cache of caches) seriesOf(cache);
  return {
    hit: (cache_name) => hits.inc({ cache_name }),
    miss: (cache_name) => misses.inc({ cache_name }),
    operation: (cache, seconds) => seriesOf(cache).observe(seconds),
    invalidation: (reason, resource_type) => invalidated.inc({ reason, resource_type }),
    evictions: (cache_name, count) => evictions.inc({ cache_name }, count),
  };
}
