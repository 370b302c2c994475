/**
 * The worker: takes entries off the stream as fast as it has hands for them, and those of workers that died. An entry is
 * acknowledged once its job needs it no longer; what is no job goes to the dead letters, and the worker goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptCorrelationId, withCorrelationId } from '../../telemetry/correlation.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { WorkerConfig } from '../config.ts';
import type { Entry, JobStream } from '../stream.ts';
import { isId } from '../validation.ts';
import { type AttemptOptions, attempt, Stopping } from './attempt.ts';
import type { Jobs } from './jobs.ts';

/** How long a read waits for work, and how long nothing is tried after a failure. */
const BLOCK_MS = 500;
const PAUSE_MS = 250;
/** What of a poison message is kept. */
const PAYLOAD_CHARACTERS = 1_000;

export interface WorkerOptions {
  readonly config: WorkerConfig;
  readonly stream: JobStream;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly attempts: AttemptOptions;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #underWay = new Set<Promise<void>>();
  #failing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /**
   * Works until `stopping` aborts, then waits for what is under way, up to the configured time; the rest goes back into the
   * queue. Never rejects.
   */
  async run(stopping: AbortSignal): Promise<void> {
    const { config } = this.#options;
    const giveUp = new AbortController();
    let lookedAt = Number.NEGATIVE_INFINITY;
    while (!stopping.aborted) {
      const free = config.CONCURRENCY - this.#underWay.size;
      if (free === 0) {
        await Promise.race(this.#underWay);
        continue;
      }
      let entries: Entry[] = [];
      if (performance.now() - lookedAt > config.LEASE_MS / 2) {
        lookedAt = performance.now();
        entries = await this.#ask((stream) => stream.takeOver(free, config.LEASE_MS), stopping);
      }
      if (entries.length === 0) entries = await this.#ask((stream) => stream.read(free, BLOCK_MS), stopping);
      for (const entry of entries) this.#take(entry, giveUp.signal);
    }
    const timer = setTimeout(() => giveUp.abort(new Stopping()), config.DRAIN_TIMEOUT_MS);
    await Promise.all(this.#underWay);
    clearTimeout(timer);
  }

  /** No entries, after a pause, where Redis does not answer. */
  async #ask(read: (stream: JobStream) => Promise<Entry[]>, stopping: AbortSignal): Promise<Entry[]> {
    try {
      const entries = await read(this.#options.stream);
      this.#failing = false;
      return entries;
    } catch (error) {
      if (!this.#failing) this.#options.logger.warn({ reason: String(error) }, 'the queue cannot be read');
      this.#failing = true;
      await sleep(PAUSE_MS, undefined, { signal: stopping }).catch(() => {});
      return [];
    }
  }

  #take(entry: Entry, giveUp: AbortSignal): void {
    const id = acceptCorrelationId(entry.fields.correlation_id);
    const work = withCorrelationId(id, () => this.#handle(entry, giveUp))
      .catch((error: unknown) => {
        // The entry stays with us unacknowledged, and is taken over when the lease is out.
        this.#options.logger.error({ err: error, entry_id: entry.id }, 'a job could not be worked on');
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #handle(entry: Entry, giveUp: AbortSignal): Promise<void> {
    const { jobs, stream, attempts, logger } = this.#options;
    const jobId = entry.fields.job_id;
    const claim = isId(jobId) ? await jobs.claim(jobId) : 'unknown';
    // Who holds the job acknowledges it, or dies and loses it.
    if (claim === 'busy') return;
    if (claim === 'unknown') await this.#poison(entry);
    else if (claim !== 'ended') await attempt(claim, giveUp, attempts);
    await stream.acknowledge(entry.id).catch((error: unknown) => {
      logger.warn({ entry_id: entry.id, reason: String(error) }, 'an entry could not be acknowledged');
    });
  }

  async #poison(entry: Entry): Promise<void> {
    const { jobs, logger, attempts } = this.#options;
    const payload = JSON.stringify(entry.fields).slice(0, PAYLOAD_CHARACTERS);
    const facts = { entry_id: entry.id, error_code: 'poison_message', payload };
    logger.error(facts, 'a message in the queue is no job');
    await jobs.buryMessage(entry.id, 'poison_message', payload);
    attempts.recorder.poison();
    await attempts.announce({ entry_id: entry.id, reason: 'poison_message' });
  }
}
