/**
 * The jobs in the books, as a worker changes them. Each step holds only while this worker has the lease of this very
 * attempt, so that a worker that was thought dead and comes back changes nothing.
 */
import type { MeteredPool } from '../../telemetry/postgres.ts';
import type { Death } from '../reasons.ts';
import { workerStatements as statements } from '../statements.ts';
import type { Results } from './pipeline.ts';

export interface Job {
  readonly id: string;
  readonly uploadId: string;
  readonly postId: string;
  readonly userId: string;
  readonly correlationId: string;
  /** From 1. */
  readonly attempt: number;
  /** Of the upload. */
  readonly bytes: number;
  /** Real milliseconds since the job was made. */
  readonly waitedMs: number;
}

/** 'busy': another worker has it. 'ended': nothing is left to do. 'unknown': there is no such job. */
export type Claim = Job | 'busy' | 'ended' | 'unknown';

interface ClaimRow {
  readonly outcome: 'claimed' | 'busy' | 'ended';
  readonly id: string;
  readonly upload_id: string;
  readonly post_id: string;
  readonly user_id: string;
  readonly correlation_id: string;
  readonly attempts: number;
  readonly bytes: number;
  readonly waited_ms: number;
}

export interface Why {
  readonly reason: string;
  readonly stage: string | null;
}

/** Every method throws DatabaseUnavailable. */
export class Jobs {
  readonly #database: MeteredPool;
  readonly #owner: string;
  readonly #leaseMs: number;

  constructor(database: MeteredPool, owner: string, leaseMs: number) {
    this.#database = database;
    this.#owner = owner;
    this.#leaseMs = leaseMs;
  }

  async claim(jobId: string): Promise<Claim> {
    const [row] = await this.#database.query<ClaimRow>(statements.claim, [jobId, this.#owner, this.#leaseMs]);
    if (row === undefined) return 'unknown';
    if (row.outcome !== 'claimed') return row.outcome;
    return {
      id: row.id,
      uploadId: row.upload_id,
      postId: row.post_id,
      userId: row.user_id,
      correlationId: row.correlation_id,
      attempt: row.attempts,
      bytes: row.bytes,
      waitedMs: row.waited_ms,
    };
  }

  /** False where the job is no longer ours. */
  async renew(job: Job): Promise<boolean> {
    return (await this.#database.query(statements.renew, [...this.#held(job), this.#leaseMs])).length > 0;
  }

  /** Done. Resolves with the real milliseconds since the upload; undefined where the job is no longer ours. */
  async finish(job: Job, { audioKey, audioBytes, waveformKey }: Results): Promise<number | undefined> {
    return this.#end(statements.finish, [...this.#held(job), audioKey, audioBytes, waveformKey]);
  }

  /** Dead, with a letter. Resolves as finish(). `why` is what the last attempt failed with. */
  async bury(job: Job, death: Death, why: Why): Promise<number | undefined> {
    const payload = JSON.stringify({ job_id: job.id, post_id: job.postId, reason: why.reason, attempts: job.attempt });
    return this.#end(statements.bury, [...this.#held(job), why.reason, why.stage, death, payload]);
  }

  /** Another attempt after `pauseMs`. False where the job is no longer ours. */
  async retry(job: Job, why: Why, pauseMs: number): Promise<boolean> {
    const values = [...this.#held(job), why.reason, why.stage, pauseMs];
    return (await this.#database.query(statements.retry, values)).length > 0;
  }

  /** Back into the queue at once, this attempt uncounted. */
  async release(job: Job): Promise<void> {
    await this.#database.query(statements.release, this.#held(job));
  }

  /** A message that is no job. */
  async buryMessage(entryId: string, death: Death, payload: string): Promise<void> {
    await this.#database.query(statements.buryMessage, [entryId, death, payload]);
  }

  #held({ id, attempt }: Job): [string, string, number] {
    return [id, this.#owner, attempt];
  }

  async #end(statement: (typeof statements)['finish' | 'bury'], values: readonly unknown[]) {
    const [row] = await this.#database.query<{ took_ms: number }>(statement, values);
    return row?.took_ms;
  }
}
