/** The pipeline: what happens to one upload, stage after stage, each timed on the pipeline's clock. */
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineClock } from '../clock.ts';
import { type Stage, StageFailure } from '../reasons.ts';
import { uploadPath } from '../uploads.ts';
import type { Job } from './jobs.ts';
import type { Storage } from './storage.ts';
import { transcode } from './transcode.ts';
import { drawWaveform } from './waveform.ts';

/** What a stage works with. */
export interface Work {
  readonly clock: PipelineClock;
  readonly ffmpeg: string;
  /** On the pipeline's clock, as it stood when the attempt began. */
  readonly ffmpegTimeoutSeconds: number;
  /** Aborts when the job is no longer this worker's. */
  readonly signal: AbortSignal;
}

/** Where the results of a job are. */
export interface Results {
  readonly audioKey: string;
  readonly audioBytes: number;
  readonly waveformKey: string;
}

export interface PipelineOptions {
  readonly clock: PipelineClock;
  readonly storage: Storage;
  readonly uploads: string;
  /** Told of each stage that was gone through, failed or not; `seconds` on the pipeline's clock. */
  readonly staged: (stage: Stage, seconds: number) => void;
}

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #scratch: string;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#scratch = join(options.uploads, 'scratch');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#scratch, { recursive: true });
  }

  /**
   * Every attempt writes to files of its own and to keys that are the job's: an attempt that comes again overwrites with
   * the same. Throws a StageFailure; the signal's reason where it was aborted.
   */
  async process(job: Job, work: Work): Promise<Results> {
    const { storage, uploads } = this.#options;
    const source = uploadPath(uploads, job.uploadId);
    const track = join(this.#scratch, `${job.id}-${job.attempt}.m4a`);
    const audioKey = `audio/${job.id}.m4a`;
    const waveformKey = `waveforms/${job.id}.json`;
    try {
      await this.#clear(job);
      await this.#stage('ffmpeg', async () => {
        await access(source).catch(() => {
          throw new StageFailure('ffmpeg', 'source_missing', 'the uploaded file is not there');
        });
        await transcode(work, source, track);
      });
      const waveform = await this.#stage('waveform', () => drawWaveform(work, track));
      const audioBytes = await this.#stage('s3_upload', async () => {
        await storage.putJson(waveformKey, waveform, work.signal);
        return storage.putFile(audioKey, track, 'audio/mp4', work.signal);
      });
      return { audioKey, audioBytes, waveformKey };
    } finally {
      await rm(track, { force: true }).catch(() => {});
    }
  }

  /** The upload is done with. */
  async discard(job: Job): Promise<void> {
    await rm(uploadPath(this.#options.uploads, job.uploadId), { force: true }).catch(() => {});
  }

  /** What workers that were killed left of earlier attempts. */
  async #clear({ id, attempt }: Job): Promise<void> {
    for (let earlier = attempt - 1; earlier > 0; earlier -= 1) {
      await rm(join(this.#scratch, `${id}-${earlier}.m4a`), { force: true });
    }
  }

  async #stage<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const { clock, staged } = this.#options;
    const began = performance.now();
    try {
      return await work();
    } finally {
      staged(stage, clock.seconds(performance.now() - began));
    }
  }
}
