/**
 * The dispatcher: what the books know and the stream does not, it tells the stream. New jobs whose announcement failed,
 * retries whose pause is over, and everything a Redis that was emptied has forgotten. Any number of workers may run one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Logger } from '../../telemetry/logger.ts';
import type { MeteredPool } from '../../telemetry/postgres.ts';
import { workerStatements as statements } from '../statements.ts';
import { enqueue, type JobStream } from '../stream.ts';

/** The stream is asked after what it should know once in so many rounds. */
const CHECK_EVERY = 5;

export interface DispatcherOptions {
  readonly database: MeteredPool;
  readonly redis: Redis;
  readonly stream: JobStream;
  readonly intervalMs: number;
  readonly logger: Logger;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  #failing = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Goes round until the signal aborts. Never rejects: a round that fails is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      try {
        if (round % CHECK_EVERY === 0) await this.#check();
        await this.#dispatch();
        this.#failing = false;
      } catch (error) {
        // Once an outage, not once a round.
        if (!this.#failing) this.#options.logger.warn({ reason: String(error) }, 'jobs cannot be dispatched');
        this.#failing = true;
      }
      await sleep(this.#options.intervalMs, undefined, { signal }).catch(() => {});
    }
  }

  async #dispatch(): Promise<void> {
    const { database, redis } = this.#options;
    // While Redis is away nothing is marked as about to be dispatched.
    if (redis.status !== 'ready') throw new Error('redis is not connected');
    const due = await database.query<{ id: string; correlation_id: string }>(statements.due);
    for (const { id, correlation_id } of due) {
      const entry = await enqueue(redis, { jobId: id, correlationId: correlation_id });
      await database.query(statements.dispatched, [id, entry]);
    }
  }

  async #check(): Promise<void> {
    const { database, stream, logger } = this.#options;
    const unchecked = await database.query<{ id: string; entry_id: string }>(statements.unchecked);
    if (unchecked.length === 0) return;
    const missing = await stream.missing(unchecked.map(({ entry_id }) => entry_id));
    for (const { id, entry_id } of unchecked) {
      if (!missing.has(entry_id)) continue;
      logger.warn({ job_id: id, entry_id }, 'the queue has forgotten a job; it is queued again');
      await database.query(statements.forgotten, [id, entry_id]);
    }
  }
}
