/**
 * How the queue stands, from the books: jobs by status, dead letters by reason. The API shows it and not the worker, so
 * that a backlog is seen also when there is nobody to work it off.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeteredPool } from '../telemetry/postgres.ts';
import { apiStatements } from './statements.ts';

/** 'waiting' has not been tried, 'retrying' waits for another attempt. */
export const JOB_STATUSES = ['waiting', 'retrying', 'processing'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export interface QueueState {
  readonly jobs: Readonly<Record<JobStatus, number>>;
  /** By reason. */
  readonly letters: ReadonlyMap<string, number>;
}

const EMPTY: QueueState = { jobs: { waiting: 0, retrying: 0, processing: 0 }, letters: new Map() };

/** Looks again and again until it is stopped; a look that fails leaves the latest one. */
export class QueueWatch {
  readonly #database: MeteredPool;
  readonly #intervalMs: number;
  readonly #stopped = new AbortController();
  #latest = EMPTY;
  #looking: Promise<void> = Promise.resolve();
  #answered = false;

  constructor(database: MeteredPool, intervalMs: number) {
    this.#database = database;
    this.#intervalMs = intervalMs;
  }

  get state(): QueueState {
    return this.#latest;
  }

  /** Whether the database answered the latest look. */
  get answered(): boolean {
    return this.#answered;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#looking = this.#keepLooking();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#looking;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await sleep(this.#intervalMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      const [jobs, letters] = await Promise.all([
        this.#database.query<{ status: JobStatus; jobs: number }>(apiStatements.queue),
        this.#database.query<{ reason: string; letters: number }>(apiStatements.openLetters),
      ]);
      this.#latest = {
        jobs: { ...EMPTY.jobs, ...Object.fromEntries(jobs.map((row) => [row.status, row.jobs])) },
        letters: new Map(letters.map((row) => [row.reason, row.letters])),
      };
      this.#answered = true;
    } catch {
      this.#answered = false;
    }
  }
}
