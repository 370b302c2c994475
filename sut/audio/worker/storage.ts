/**
 * The third stage: the results go to S3. One PUT is one request on the wire: the SDK's own retries are off, for the queue
 * retries the job, with a pause and in plain sight, and what is counted here is what the store saw.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { ErrorType, ExternalRecorder, ExternalService } from '../../telemetry/external.ts';
import type { PipelineClock } from '../clock.ts';
import type { WorkerConfig } from '../config.ts';
import { StageFailure } from '../reasons.ts';

export const S3_CALLS = [
  { service: 's3', operations: ['put_object', 'create_bucket'] },
] as const satisfies readonly ExternalService[];
type Operation = (typeof S3_CALLS)[number]['operations'][number];

const OURS_ALREADY = new Set(['BucketAlreadyOwnedByYou', 'BucketAlreadyExists']);

export class Storage {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #timeoutSeconds: number;
  readonly #clock: PipelineClock;
  readonly #recorder: ExternalRecorder;

  constructor(config: WorkerConfig, clock: PipelineClock, recorder: ExternalRecorder) {
    this.#bucket = config.S3_BUCKET;
    this.#timeoutSeconds = config.S3_TIMEOUT_SECONDS;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#client = new S3Client({
      endpoint: config.S3_ENDPOINT_URL,
      region: config.S3_REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: config.S3_ACCESS_KEY, secretAccessKey: config.S3_SECRET_KEY },
      // Pinned: the default mode takes SlowDown for throttling and tries three times, and may change with an upgrade.
      retryMode: 'standard',
      maxAttempts: 1,
      // Bodies go over the wire as they are, with their length, and not in signed chunks with a trailer.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  /** Stores a file and resolves with its size. Throws a StageFailure; the key may then hold what was there before. */
  async putFile(key: string, path: string, contentType: string, signal: AbortSignal): Promise<number> {
    const { size } = await stat(path);
    const body = createReadStream(path);
    try {
      await this.#put({ Key: key, Body: body, ContentLength: size, ContentType: contentType }, signal);
    } finally {
      body.destroy();
    }
    return size;
  }

  /** Stores a value as JSON. Throws a StageFailure. */
  async putJson(key: string, value: unknown, signal: AbortSignal): Promise<void> {
    await this.#put({ Key: key, Body: JSON.stringify(value), ContentType: 'application/json' }, signal);
  }

  close(): void {
    this.#client.destroy();
  }

  async #put(object: Omit<ConstructorParameters<typeof PutObjectCommand>[0], 'Bucket'>, signal: AbortSignal) {
    const command = new PutObjectCommand({ Bucket: this.#bucket, ...object });
    try {
      await this.#call('put_object', signal, (abortSignal) => this.#client.send(command, { abortSignal }));
    } catch (error) {
      signal.throwIfAborted();
      // The bucket is made at the first need, and the job comes again: a body that was read cannot be sent twice.
      if (error instanceof StageFailure && error.facts.s3_code === 'NoSuchBucket') await this.#makeBucket(signal);
      throw error;
    }
  }

  /** Makes the bucket where there is none. Throws a StageFailure. */
  async #makeBucket(signal: AbortSignal): Promise<void> {
    const command = new CreateBucketCommand({ Bucket: this.#bucket });
    try {
      await this.#call('create_bucket', signal, (abortSignal) => this.#client.send(command, { abortSignal }));
    } catch (error) {
      if (!(error instanceof StageFailure && OURS_ALREADY.has(String(error.facts.s3_code)))) throw error;
    }
  }

  /** Makes sure of the bucket before the first job; a store that is not there yet is no reason not to start. */
  async prepare(signal: AbortSignal): Promise<void> {
    await this.#makeBucket(signal).catch(() => {});
  }

  async #call(operation: Operation, signal: AbortSignal, send: (signal: AbortSignal) => Promise<unknown>) {
    const began = performance.now();
    const limit = AbortSignal.timeout(Math.ceil(this.#clock.realMs(this.#timeoutSeconds)));
    let error: ErrorType | undefined;
    try {
      await send(AbortSignal.any([signal, limit]));
    } catch (cause) {
      const code = codeOf(cause);
      error = limit.aborted ? 'timeout' : typeOf(cause);
      if (OURS_ALREADY.has(code)) error = undefined;
      throw new StageFailure(
        's3_upload',
        error === 'timeout' ? 'network_timeout' : 's3_error',
        limit.aborted ? `S3 took more than ${this.#timeoutSeconds} s` : `S3 failed: ${code}`,
        { operation, s3_code: code, error_type: error, timeout: this.#timeoutSeconds },
      );
    } finally {
      this.#recorder.call('s3', operation, (performance.now() - began) / 1000, error);
    }
  }
}

function typeOf(cause: unknown): ErrorType {
  if (codeOf(cause) === 'ETIMEDOUT' || codeOf(cause) === 'TimeoutError') return 'timeout';
  if (!(cause instanceof S3ServiceException)) return 'connection';
  const status = cause.$metadata.httpStatusCode ?? 0;
  return status >= 500 ? 'server_error' : status >= 400 ? 'client_error' : 'invalid_answer';
}

const codeOf = (cause: unknown): string => {
  const { code, name } = cause as { code?: unknown; name?: unknown };
  return String(cause instanceof S3ServiceException ? name : (code ?? name ?? cause));
};
