/** All of the worker's metrics in one place. Durations are on the pipeline's clock, where they are of the pipeline. */
import { Counter, Registry } from 'prom-client';
import { Distribution, kept, type Series } from '../../telemetry/distribution.ts';
import { eventLoopLag } from '../../telemetry/event-loop.ts';
import { type ExternalRecorder, externalRecorder } from '../../telemetry/external.ts';
import { type DatabaseRecorder, databaseRecorder } from '../../telemetry/postgres.ts';
import { processMetrics } from '../../telemetry/process.ts';
import { runtimeMetrics } from '../../telemetry/runtime.ts';
import type { WorkerConfig } from '../config.ts';
import { DEATHS, type Death, FAILURES, type FailureReason, STAGES, type Stage } from '../reasons.ts';
import { workerStatements } from '../statements.ts';
import { S3_CALLS } from './storage.ts';

/** Around the 60 s that an alert asks about, and far beyond, for timeouts that were raised. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 1_200, 3_600];

/** Receives what happens to jobs; seconds are those of the pipeline's clock. */
export interface PipelineRecorder {
  /** From the upload to the first attempt. */
  waited(seconds: number): void;
  staged(stage: Stage, seconds: number): void;
  failure(stage: Stage, reason: FailureReason): void;
  /** Retry number `retry` began. */
  retried(retry: number): void;
  /** One attempt, however it ended. */
  processed(seconds: number): void;
  /** `retries`: how many it took, beside the first attempt. */
  done(seconds: number, retries: number): void;
  died(death: Death, seconds: number): void;
  /** A message that was no job. */
  poison(): void;
}

export interface WorkerTelemetry {
  readonly database: DatabaseRecorder;
  readonly external: ExternalRecorder;
  readonly pipeline: PipelineRecorder;
  readonly registry: Registry;
  stop(): void;
}

/** Registers every metric of the worker, known label values at 0. */
export function createWorkerTelemetry(
  config: Pick<WorkerConfig, 'MEMORY_LIMIT_BYTES' | 'DB_SLOW_QUERY_MS' | 'MAX_RETRIES'>,
): WorkerTelemetry {
  const registry = new Registry();
  const lag = eventLoopLag();
  processMetrics(registry, lag, config.MEMORY_LIMIT_BYTES);
  const stopRuntime = runtimeMetrics(registry);
  return {
    database: databaseRecorder(registry, Object.values(workerStatements), {
      typeLabel: 'type',
      slowSeconds: config.DB_SLOW_QUERY_MS / 1000,
    }),
    external: externalRecorder(registry, S3_CALLS),
    pipeline: pipelineRecorder(registry, config.MAX_RETRIES),
    registry,
    stop() {
      stopRuntime();
      lag.stop();
    },
  };
}

function pipelineRecorder(registry: Registry, maxRetries: number): PipelineRecorder {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const failures = counter('audio_processing_failures_total', 'Attempts that failed', ['stage', 'reason']);
  const retries = counter('audio_processing_retries_total', 'Retries begun, by their number', ['attempt']);
  const saved = counter('audio_processing_retry_successes_total', 'Retries that ended the job as done', ['attempt']);
  const jobRetries = counter('queue_job_retries_total', 'Jobs given out again, by the number of the retry', [
    'attempt',
  ]);
  const completed = counter('queue_jobs_completed_total', 'Jobs that ended as done', []);
  const deaths = counter('queue_job_failures_total', 'Jobs that ended as dead, and messages that were none', [
    'reason',
  ]);
  const stages = durations(registry, 'audio_processing_duration_seconds', 'Time a stage took, failed ones too', STAGES);
  const whole = durations(
    registry,
    'queue_job_duration_seconds',
    'Time of a job: until its first attempt, in an attempt, altogether',
    ['wait', 'process', 'total'],
  );
  for (const stage of STAGES) for (const reason of FAILURES[stage]) failures.inc({ stage, reason }, 0);
  for (let retry = 1; retry <= maxRetries; retry += 1) {
    for (const metric of [retries, saved, jobRetries]) metric.inc({ attempt: String(retry) }, 0);
  }
  for (const reason of DEATHS) deaths.inc({ reason }, 0);
  return {
    waited: (seconds) => whole('wait').observe(seconds),
    staged: (stage, seconds) => stages(stage).observe(seconds),
    failure: (stage, reason) => failures.inc({ stage, reason }),
    retried(retry) {
      retries.inc({ attempt: String(retry) });
      jobRetries.inc({ attempt: String(retry) });
    },
    processed: (seconds) => whole('process').observe(seconds),
    done(seconds, retried) {
      whole('total').observe(seconds);
      completed.inc();
      if (retried > 0) saved.inc({ attempt: String(retried) });
    },
    died(reason, seconds) {
      whole('total').observe(seconds);
      deaths.inc({ reason });
    },
    poison: () => deaths.inc({ reason: 'poison_message' }),
  };
}

function durations(registry: Registry, name: string, help: string, stages: readonly string[]) {
  const metric = new Distribution({ name, help, buckets: SECONDS, registry });
  const known = new Map<string, Series>();
  const seriesOf = (stage: string) => kept(known, stage, () => metric.add({ stage }));
  for (const stage of stages) seriesOf(stage);
  return seriesOf;
}
