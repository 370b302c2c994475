/**
 * What the process itself uses: memory, CPU, event loop. The client library's default metrics include a garbage
 * collection observer and some fifty series; these few are what alerts and dashboards read.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventLoopLag } from './event-loop.ts';

/**
 * Registers process_resident_memory_bytes, process_memory_limit_bytes, process_cpu_seconds_total,
 * process_start_time_seconds and nodejs_eventloop_lag_p99_seconds, read at the scrape. `memoryLimitBytes` is what the
 * deployment lets the process use, exported so that usage can be stated as a ratio.
 */
export function processMetrics(registry: Registry, lag: EventLoopLag, memoryLimitBytes: number): void {
  const registers = [registry];
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({ name: 'process_memory_limit_bytes', help: 'Memory the process may use', registers }).set(
    memoryLimitBytes,
  );
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time spent',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({ name: 'process_start_time_seconds', help: 'Start time since the Unix epoch', registers }).set(
    performance.timeOrigin / 1000,
  );
  new Gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: '99th percentile of event loop lag since about the scrape before last',
    registers,
    collect() {
      this.set(lag.p99());
    },
  });
}
