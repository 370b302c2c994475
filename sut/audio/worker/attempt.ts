/**
 * One attempt at a job: it is kept alive in the books while the stages run, and ends as done, as dead, or back in the queue.
 * What it failed with is counted and logged where it happens, once.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { MeteredPool } from '../../telemetry/postgres.ts';
import type { PipelineClock } from '../clock.ts';
import type { WorkerConfig } from '../config.ts';
import { type Death, FINAL, StageFailure } from '../reasons.ts';
import { readSettings } from '../settings.ts';
import { workerStatements } from '../statements.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Pipeline, Results } from './pipeline.ts';
import type { PipelineRecorder } from './telemetry.ts';

/** A lease is renewed this often within its time. */
const RENEWALS = 3;

export interface AttemptOptions {
  readonly config: WorkerConfig;
  readonly clock: PipelineClock;
  readonly database: MeteredPool;
  readonly jobs: Jobs;
  readonly pipeline: Pipeline;
  readonly recorder: PipelineRecorder;
  readonly logger: Logger;
  /** Told of each dead letter, beside the books. */
  readonly announce: (facts: Readonly<Record<string, string>>) => Promise<void>;
}

/** The worker is asked to end: the job is not at fault. */
export class Stopping extends Error {}
/** The job went to another worker. */
class LeaseLost extends Error {}

/** Rejects where the books cannot be written; the lease then runs out and another attempt is made. */
export async function attempt(job: Job, stopping: AbortSignal, options: AttemptOptions): Promise<void> {
  const { config, clock, database, jobs, pipeline, recorder, logger } = options;
  const facts = {
    job_id: job.id,
    post_id: job.postId,
    user_id: job.userId,
    attempt: job.attempt,
    audio_file_size: job.bytes,
  };
  const lease = keepLease(job, jobs, config.LEASE_MS);
  const signal = AbortSignal.any([lease.signal, stopping]);
  const began = performance.now();
  if (job.attempt === 1) recorder.waited(clock.seconds(job.waitedMs));
  else recorder.retried(job.attempt - 1);
  try {
    if (job.attempt > config.MAX_RETRIES + 1) {
      // Workers died under it again and again, and nobody was left to count.
      await bury('max_retries_exceeded', { reason: 'worker_died', stage: null });
      return;
    }
    const defaults = { ffmpeg_timeout_seconds: config.FFMPEG_TIMEOUT_SECONDS };
    const settings = await readSettings(database, defaults, workerStatements.settings);
    logger.info(facts, 'audio processing started');
    const results = await pipeline.process(job, {
      clock,
      ffmpeg: config.FFMPEG,
      ffmpegTimeoutSeconds: settings.ffmpeg_timeout_seconds,
      signal,
    });
    await finish(results);
  } catch (error) {
    if (stopping.aborted && !lease.signal.aborted) await jobs.release(job);
    else if (error instanceof LeaseLost || lease.signal.aborted)
      logger.warn(facts, 'another worker has taken the job over');
    else if (error instanceof StageFailure) await failed(error);
    else throw error;
  } finally {
    lease.end();
    recorder.processed(clock.seconds(performance.now() - began));
  }

  async function finish(results: Results): Promise<void> {
    const tookMs = await jobs.finish(job, results);
    if (tookMs === undefined) throw new LeaseLost();
    recorder.done(clock.seconds(tookMs), job.attempt - 1);
    logger.info({ ...facts, duration: round(clock.seconds(tookMs)) }, 'audio processing done');
    await pipeline.discard(job);
  }

  async function failed(failure: StageFailure): Promise<void> {
    const { stage, reason } = failure;
    recorder.failure(stage, reason);
    logger.error(
      { ...facts, stage, error_code: reason, reason: failure.message, ...rounded(failure.facts) },
      'audio processing failed',
    );
    const why = { reason, stage };
    if (FINAL.includes(reason)) await bury(reason as Death, why);
    else if (job.attempt > config.MAX_RETRIES) await bury('max_retries_exceeded', why);
    else {
      const pause = config.RETRY_BACKOFF_SECONDS * 2 ** (job.attempt - 1);
      await jobs.retry(job, why, clock.realMs(pause));
    }
  }

  async function bury(death: Death, why: { reason: string; stage: string | null }): Promise<void> {
    const tookMs = await jobs.bury(job, death, why);
    if (tookMs === undefined) throw new LeaseLost();
    recorder.died(death, clock.seconds(tookMs));
    logger.error({ ...facts, error_code: death, last_reason: why.reason }, 'audio job is dead');
    await options.announce({
      job_id: job.id,
      reason: death,
      last_reason: why.reason,
      correlation_id: job.correlationId,
    });
  }
}

/** Renews the lease until it is ended; aborts where it was lost, or where nothing is known of it for its whole time. */
function keepLease(job: Job, jobs: Jobs, leaseMs: number): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  let good = performance.now();
  const renew = async () => {
    const asked = performance.now();
    try {
      if (await jobs.renew(job)) good = asked;
      else controller.abort(new LeaseLost());
    } catch {
      // The database may be back before the lease is over.
    }
    if (performance.now() - good > leaseMs) controller.abort(new LeaseLost());
  };
  const timer = setInterval(() => void renew(), leaseMs / RENEWALS);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

const round = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;

const rounded = (facts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === 'number' ? round(value) : value]),
  );
