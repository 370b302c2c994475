/**
 * The second stage: the picture of the sound that players draw. The track is decoded again and only its peaks are kept, a
 * fixed number of them to the second, so that hours of it take no more memory than minutes.
 */
import { StageFailure } from '../reasons.ts';
import type { Work } from './pipeline.ts';
import { run } from './program.ts';
import { lastLine } from './transcode.ts';

const RATE = 8_000;
const PEAKS_A_SECOND = 20;
const WINDOW = RATE / PEAKS_A_SECOND;
const SAMPLE_BYTES = 2;
/** As many as a player draws. */
const POINTS = 1_000;

export interface Waveform {
  /** Seconds of sound. */
  readonly duration: number;
  /** The loudest sample of each part, 0 to 1, at most 1,000 of them. */
  readonly peaks: readonly number[];
}

/** The peaks of samples that come in pieces, however they were cut: signed, 16 bits, little-endian. */
export class Peaks {
  readonly #peaks: number[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #loudest = 0;
  #inWindow = 0;
  #samples = 0;

  add(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % SAMPLE_BYTES);
    for (let at = 0; at < whole; at += SAMPLE_BYTES) {
      const loudness = Math.abs(bytes.readInt16LE(at));
      if (loudness > this.#loudest) this.#loudest = loudness;
      this.#inWindow += 1;
      if (this.#inWindow === WINDOW) this.#close();
    }
    this.#samples += whole / SAMPLE_BYTES;
    this.#rest = bytes.subarray(whole);
  }

  /** undefined where there was not one sample. */
  result(): Waveform | undefined {
    if (this.#inWindow > 0) this.#close();
    if (this.#peaks.length === 0) return undefined;
    const points = Math.min(POINTS, this.#peaks.length);
    const peaks = Array.from({ length: points }, (_, point) => {
      const from = Math.floor((point * this.#peaks.length) / points);
      const to = Math.floor(((point + 1) * this.#peaks.length) / points);
      let loudest = 0;
      for (let at = from; at < to; at += 1) loudest = Math.max(loudest, this.#peaks[at] ?? 0);
      return Math.round((loudest / 32_768) * 1_000) / 1_000;
    });
    return { duration: this.#samples / RATE, peaks };
  }

  #close(): void {
    this.#peaks.push(this.#loudest);
    this.#loudest = 0;
    this.#inWindow = 0;
  }
}

/** Throws a StageFailure. */
export async function drawWaveform(work: Work, track: string): Promise<Waveform> {
  const { clock, ffmpeg, ffmpegTimeoutSeconds: timeout, signal } = work;
  const peaks = new Peaks();
  const ended = await run({
    command: ffmpeg,
    args: [
      ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file,pipe', '-i', track],
      ...['-f', 's16le', '-ac', '1', '-ar', String(RATE), 'pipe:1'],
    ],
    timeoutMs: clock.realMs(timeout),
    signal,
    onOutput: (chunk) => peaks.add(chunk),
  });
  signal.throwIfAborted();
  const waveform = ended.code === 0 ? peaks.result() : undefined;
  if (waveform !== undefined) return waveform;
  const why = ended.timedOut ? `took more than ${timeout} s` : ended.code === 0 ? 'found no samples' : 'failed';
  throw new StageFailure('waveform', 'waveform_generation_failed', `the decoding for the waveform ${why}`, {
    ffmpeg_duration: clock.seconds(ended.tookMs),
    timeout,
    said: lastLine(ended.said),
  });
}
