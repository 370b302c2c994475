/** Audio on its way in: an upload becomes a job, and a job can be asked how it is. */
import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { Redis } from 'ioredis';
import { DatabaseError } from 'pg';
import { correlationId } from '../telemetry/correlation.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MeteredPool } from '../telemetry/postgres.ts';
import { AppError, notFound } from './errors.ts';
import { apiStatements } from './statements.ts';
import { enqueue } from './stream.ts';
import type { Intake } from './uploads.ts';
import type { Validation } from './validation.ts';

const UNIQUE_VIOLATION = '23505';

export interface SubmissionsOptions {
  readonly database: MeteredPool;
  readonly redis: Redis;
  readonly intake: Intake;
  readonly validation: Validation;
  readonly logger: Logger;
  /** Called once for each upload that was acknowledged. */
  readonly submitted: () => void;
}

export interface Submission {
  readonly request: Request;
  readonly userId: string;
  readonly postId: string;
  readonly bpm: number;
  /** Told of every byte that came. */
  readonly received: (bytes: number) => void;
}

export interface Accepted {
  readonly job_id: string;
  readonly post_id: string;
  readonly bytes: number;
}

interface JobRow {
  readonly job_id: string;
  readonly user_id: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly bytes: string;
}

export class Submissions {
  readonly #options: SubmissionsOptions;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
  }

  /**
   * Takes an upload in. Once it resolves, the upload is in the books and will be processed, whatever happens to Redis or to
   * any process. Throws NOT_FOUND, FORBIDDEN (another's post), AUDIO_EXISTS, VALIDATION (an empty file) and what
   * Intake.store() throws.
   */
  async accept({ request, userId, postId, bpm, received }: Submission): Promise<Accepted> {
    const { database, intake, validation } = this.#options;
    await this.#mayUpload(userId, postId);
    const stored = await intake.store(request, received);
    try {
      if (stored.bytes === 0) {
        throw validation.refuse('audio', [{ field: 'audio', reason: 'empty', message: 'has no bytes' }]);
      }
      const id = correlationId() ?? randomUUID();
      const values = [stored.uploadId, postId, userId, stored.bytes, bpm, id];
      const rows = await database.query<{ id: string }>(apiStatements.acceptUpload, values);
      if (rows.length === 0) throw audioExists();
      this.#options.submitted();
      await this.#announce(stored.uploadId, id);
    } catch (error) {
      if (await this.#wasAccepted(stored.uploadId, error)) throw error;
      await stored.discard();
      // Two uploads to one post at the same moment: the index decides.
      throw error instanceof DatabaseError && error.code === UNIQUE_VIOLATION ? audioExists() : error;
    }
    return { job_id: stored.uploadId, post_id: postId, bytes: stored.bytes };
  }

  /** Throws NOT_FOUND, FORBIDDEN. */
  async status(userId: string, jobId: string) {
    const [row] = await this.#options.database.query<JobRow>(apiStatements.job, [jobId]);
    if (row === undefined) throw notFound('job');
    if (row.user_id !== userId) throw forbidden('job');
    return { ...row, bytes: Number(row.bytes) };
  }

  async #mayUpload(userId: string, postId: string): Promise<void> {
    const { database } = this.#options;
    const [post] = await database.query<{ user_id: string }>(apiStatements.post, [postId]);
    if (post === undefined) throw notFound('post');
    if (post.user_id !== userId) throw forbidden('post');
    if ((await database.query(apiStatements.hasAudio, [postId])).length > 0) throw audioExists();
  }

  /** The stream need not hear of it now: what it does not know, a worker's dispatcher tells it. */
  async #announce(jobId: string, id: string): Promise<void> {
    const { redis, database, logger } = this.#options;
    try {
      const entry = await enqueue(redis, { jobId, correlationId: id });
      await database.query(apiStatements.dispatched, [jobId, entry]);
    } catch (error) {
      logger.warn({ job_id: jobId, reason: String(error) }, 'the queue was not told; the dispatcher will');
    }
  }

  /** A connection lost under the acknowledgement leaves open whether it was made; then the file must stay. */
  async #wasAccepted(jobId: string, error: unknown): Promise<boolean> {
    if (error instanceof AppError || error instanceof DatabaseError) return false;
    return this.#options.database.query(apiStatements.job, [jobId]).then(
      (rows) => rows.length > 0,
      () => true,
    );
  }
}

const audioExists = () =>
  new AppError('AUDIO_EXISTS', { resource: 'audio', message: 'This post has its audio already, or it is on its way.' });

const forbidden = (resource: 'post' | 'job') =>
  new AppError('FORBIDDEN', { resource, message: `This ${resource} belongs to somebody else.` });
