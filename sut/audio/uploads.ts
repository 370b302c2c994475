/**
 * Uploads: a body streamed to disk as it comes, never more of it in memory than a stream's buffer, and acknowledged once
 * the database has its job. A file has its final name only when it is whole; what a broken upload left is removed.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import { AppError } from './errors.ts';

/** What is left of a refused body is read and thrown away for so long, so that the client gets to read the answer. */
const DISCARD_MS = 5_000;

/** Where a whole upload is. */
export const uploadPath = (folder: string, uploadId: string): string => join(folder, `${uploadId}.upload`);

export interface Stored {
  readonly uploadId: string;
  readonly bytes: number;
  /** Of the bytes handed over. */
  discard(): Promise<void>;
}

export interface IntakeOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly idleTimeoutMs: number;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Makes the folder, and removes what uploads to an API that was killed left: nobody has written to it for a while. */
  async prepare(): Promise<void> {
    const { folder, idleTimeoutMs } = this.#options;
    await mkdir(folder, { recursive: true });
    const abandoned = Date.now() - 2 * idleTimeoutMs;
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.endsWith('.partial') && (await stat(path)).mtimeMs < abandoned) await rm(path, { force: true });
    }
  }

  /**
   * Writes the request's body to disk. Throws an AppError: PAYLOAD_TOO_LARGE, UPLOAD_INCOMPLETE (the client sent less than
   * it said, or went away), UPLOAD_STALLED, DISK_FULL. `received` is told of every byte that came.
   */
  async store(request: Request, received: (bytes: number) => void): Promise<Stored> {
    const { folder, maxBytes } = this.#options;
    const announced = Number(request.get('content-length') ?? 0);
    if (announced > maxBytes) throw tooLarge(maxBytes);
    const uploadId = randomUUID();
    const partial = join(folder, `${uploadId}.partial`);
    let bytes = 0;
    const limit = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        received(chunk.length);
        done(bytes > maxBytes ? tooLarge(maxBytes) : null, chunk);
      },
    });
    const idle = this.#watch(request);
    try {
      // Outside of the pipeline, which would destroy the connection at a refusal, and the answer with it.
      request.pipe(limit);
      await pipeline(limit, createWriteStream(partial, { flags: 'wx' }), { signal: idle.signal });
      await rename(partial, uploadPath(folder, uploadId));
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      throw explain(error, idle.signal);
    } finally {
      idle.stop();
    }
    return { uploadId, bytes, discard: () => rm(uploadPath(folder, uploadId), { force: true }) };
  }

  /** Aborts where the client goes away, or sends nothing for too long. */
  #watch(request: Request): { signal: AbortSignal; stop(): void } {
    const controller = new AbortController();
    const { idleTimeoutMs } = this.#options;
    const stalled = () => controller.abort(new AppError('UPLOAD_STALLED', stalledFacts(idleTimeoutMs)));
    const gone = () => {
      if (!request.complete) controller.abort(new AppError('UPLOAD_INCOMPLETE', INCOMPLETE));
    };
    const timer = setTimeout(stalled, idleTimeoutMs);
    const refresh = () => void timer.refresh();
    request.on('data', refresh).once('close', gone).once('error', gone);
    return {
      signal: controller.signal,
      stop() {
        clearTimeout(timer);
        request.off('data', refresh).off('close', gone);
      },
    };
  }
}

/** Reads what is left of a body and throws it away, and cuts the connection of who goes on for too long. */
export function discardRest(request: Request): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  // A client that vanishes now has had its answer.
  request.on('error', () => {});
  request.resume();
  const timer = setTimeout(() => request.destroy(), DISCARD_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}

const tooLarge = (maxBytes: number) =>
  new AppError('PAYLOAD_TOO_LARGE', { resource: 'audio', message: `An audio file may have up to ${maxBytes} bytes.` });

const INCOMPLETE = { resource: 'audio', message: 'The upload ended before all of it was there.' } as const;
const stalledFacts = (ms: number) =>
  ({ resource: 'audio', message: `The upload sent nothing for ${ms} ms and was given up.` }) as const;

function explain(error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  if (signal.aborted && signal.reason instanceof AppError) return signal.reason;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', { resource: 'audio', cause: error, message: 'There is no room for uploads now.' });
  }
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new AppError('UPLOAD_INCOMPLETE', INCOMPLETE);
  return new AppError('INTERNAL', { resource: 'audio', cause: error, message: 'The upload could not be stored.' });
}
