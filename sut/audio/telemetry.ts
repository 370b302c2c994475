/** All of the API's metrics in one place. */
import { Counter, Gauge, Registry } from 'prom-client';
import { type CacheRecorder, cacheRecorder } from '../telemetry/cache.ts';
import { eventLoopLag } from '../telemetry/event-loop.ts';
import { type ExternalRecorder, externalRecorder } from '../telemetry/external.ts';
import { type DatabaseRecorder, databaseRecorder } from '../telemetry/postgres.ts';
import { processMetrics } from '../telemetry/process.ts';
import { runtimeMetrics } from '../telemetry/runtime.ts';
import { CACHES, INVALIDATIONS } from './cache.ts';
import type { ApiConfig } from './config.ts';
import { type ApiHttpRecorder, apiHttpRecorder } from './http-metrics.ts';
import { OUTSIDE } from './outside.ts';
import { JOB_STATUSES, type QueueState } from './queue-state.ts';
import { DEATHS } from './reasons.ts';
import { apiStatements } from './statements.ts';
import type { ValidationRecorder } from './validation.ts';

export interface Telemetry {
  readonly http: ApiHttpRecorder;
  readonly database: DatabaseRecorder;
  readonly cache: CacheRecorder;
  readonly external: ExternalRecorder;
  readonly validation: ValidationRecorder;
  readonly registry: Registry;
  submitted(): void;
  /** Gauges the queue from now on. */
  watchQueue(state: () => QueueState): void;
  stop(): void;
}

/** Registers every metric of the API, known label values at 0. */
export function createTelemetry(config: Pick<ApiConfig, 'MEMORY_LIMIT_BYTES' | 'DB_SLOW_QUERY_MS'>): Telemetry {
  const registry = new Registry();
  const lag = eventLoopLag();
  processMetrics(registry, lag, config.MEMORY_LIMIT_BYTES);
  const stopRuntime = runtimeMetrics(registry);
  const submitted = new Counter({
    name: 'queue_jobs_submitted_total',
    help: 'Uploads acknowledged, each a job',
    registers: [registry],
  });
  return {
    http: apiHttpRecorder(registry),
    database: databaseRecorder(registry, Object.values(apiStatements), {
      typeLabel: 'type',
      slowSeconds: config.DB_SLOW_QUERY_MS / 1000,
    }),
    cache: cacheRecorder(registry, CACHES, INVALIDATIONS),
    external: externalRecorder(registry, OUTSIDE),
    validation: validationRecorder(registry),
    registry,
    submitted: () => submitted.inc(),
    watchQueue: (state) => queueGauges(registry, state),
    stop() {
      stopRuntime();
      lag.stop();
    },
  };
}

function validationRecorder(registry: Registry): ValidationRecorder {
  const failures = new Counter({
    name: 'validation_failures_total',
    help: 'Fields that were refused',
    labelNames: ['field', 'reason'],
    registers: [registry],
  });
  for (const [field, reasons] of [
    ['email', ['missing', 'invalid_format', 'too_short', 'too_long']],
    ['password', ['missing', 'invalid_format', 'too_short', 'too_long', 'too_weak']],
    ['bpm', ['missing', 'invalid_format', 'out_of_range']],
    ['audio', ['empty']],
    ['title', ['missing', 'invalid_format', 'too_short', 'too_long']],
  ] as const) {
    for (const reason of reasons) failures.inc({ field, reason }, 0);
  }
  return { failure: (field, reason) => failures.inc({ field, reason }) };
}

/** What is pending waits for its first or another attempt. */
function queueGauges(registry: Registry, state: () => QueueState): void {
  const registers = [registry];
  new Gauge({
    name: 'audio_queue_pending_jobs',
    help: 'Jobs that nobody works on yet, or that wait for another attempt',
    registers,
    collect() {
      const { waiting, retrying } = state().jobs;
      this.set(waiting + retrying);
    },
  });
  new Gauge({
    name: 'audio_queue_processing_jobs',
    help: 'Jobs that a worker has taken',
    registers,
    collect() {
      this.set(state().jobs.processing);
    },
  });
  new Gauge({
    name: 'queue_jobs_pending',
    help: 'Jobs that have not ended, by what they wait for',
    labelNames: ['status'],
    registers,
    collect() {
      for (const status of JOB_STATUSES) this.set({ status }, state().jobs[status]);
    },
  });
  for (const [name, help] of [
    ['audio_queue_dlq_jobs', 'Dead letters of the audio pipeline that nobody has seen to'],
    ['queue_dlq_jobs', 'Dead letters that nobody has seen to'],
  ] as const) {
    new Gauge({
      name,
      help,
      labelNames: ['reason'],
      registers,
      collect() {
        const { letters } = state();
        for (const reason of new Set([...DEATHS, ...letters.keys()])) this.set({ reason }, letters.get(reason) ?? 0);
      },
    });
  }
}
