/**
 * What Node does under the hood: resources it waits for (the nearest it has to a count of goroutines), pauses for garbage
 * collection, open files. For services whose dashboards show them; the observer of collections is not free.
 */
import { readdirSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import { Distribution, type Series } from './distribution.ts';

const KINDS: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Registers nodejs_active_resources_total, nodejs_gc_duration_seconds and process_open_fds. Returns how to stop. */
export function runtimeMetrics(registry: Registry): () => void {
  const registers = [registry];
  new Gauge({
    name: 'nodejs_active_resources_total',
    help: 'Resources that keep the event loop alive: sockets, timers, requests, children',
    registers,
    collect() {
      this.set(process.getActiveResourcesInfo().length);
    },
  });
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors; 0 where the system does not tell',
    registers,
    collect() {
      this.set(openFiles());
    },
  });
  const pauses = new Distribution({
    name: 'nodejs_gc_duration_seconds',
    help: 'Time a garbage collection took',
    buckets: BUCKETS,
    registry,
  });
  const series = new Map<string, Series>([...KINDS.values()].map((kind) => [kind, pauses.add({ kind })]));
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = KINDS.get((entry as { detail?: { kind?: number } }).detail?.kind);
      if (kind !== undefined) series.get(kind)?.observe(entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

/** Linux and macOS have a folder of them; reading it opens one more. */
function openFiles(): number {
  for (const folder of ['/proc/self/fd', '/dev/fd']) {
    try {
      return readdirSync(folder).length - 1;
    } catch {
      // The next one, or none.
    }
  }
  return 0;
}
