/**
 * The audio pipeline: how many clips a second a worker gets through beside its two ffmpeg stages alone, where its time
 * goes, and what a job costs beside its stages.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { RunningService, Stack } from '../harness/stack/service.ts';
import { clip } from '../load/journeys/audio/clips.ts';
import { PipelineClock } from '../sut/audio/clock.ts';
import { transcode } from '../sut/audio/worker/transcode.ts';
import { drawWaveform } from '../sut/audio/worker/waveform.ts';
import { postgresUrl } from '../sut/services/postgres.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { bootNetwork, Member, metricsOf } from './network.ts';
import { median } from './statistics.ts';
import { cpuOf, endedChildrenCpu } from './usage.ts';

/** Jobs at once, as a worker has by default. */
const HANDS = 2;
const CLIP_SECONDS = 5;
/** Until all jobs of a batch have ended. */
const PATIENCE_MS = 120_000;

export const pipeline: Benchmark = {
  name: 'pipeline',
  summary: 'audio: clips a second beside ffmpeg alone, worker time in ffmpeg and S3, overhead per job',
  async measure(bench) {
    const [rounds, clips, singles] = bench.quick ? [1, 10, 4] : [4, 40, 20];
    const recording = clip(CLIP_SECONDS);
    await using stack = await bootNetwork(bench, { concurrency: HANDS });
    const books = new Client({ connectionString: postgresUrl(stack.service('postgres').endpoint) });
    await books.connect();
    try {
      const network = { stack, books, member: await Member.join(stack.service('audio-api')), recording };
      const batches: Batch[] = [];
      const alone: number[] = [];
      const turns = [
        async () => batches.push(await batch(network, clips)),
        async () => alone.push(await ffmpegAlone(recording, clips, bench)),
      ];
      // Code is compiled and connections are opened in it.
      await batch(network, HANDS);
      for (let round = 0; round < rounds; round++) {
        bench.say(`${clips} clips, round ${round + 1} of ${rounds}`);
        for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
          bench.signal.throwIfAborted();
          await turn();
        }
      }
      bench.say(`${singles} clips, one after the other`);
      const single: Single[] = [];
      for (let turn = 0; turn < singles; turn++) {
        bench.signal.throwIfAborted();
        single.push(await oneAlone(network));
      }
      return figures(batches, alone, single, clips);
    } finally {
      await books.end();
    }
  },
};

interface Network {
  readonly stack: Stack;
  readonly books: Client;
  readonly member: Member;
  readonly recording: Uint8Array;
}

/** Real milliseconds. */
interface Batch {
  /** From the first job's beginning to the last one's end. */
  readonly elapsedMs: number;
  /** In ffmpeg, the waveform's decoding among it, and in S3: all jobs together. */
  readonly ffmpegMs: number;
  readonly s3Ms: number;
  /** Processor time of the worker itself, and of the programs it ran. */
  readonly ownCpuMs: number;
  readonly programsCpuMs: number;
}

/** Uploaded while the worker is stopped: its hands are never empty then, and nobody else wants the processor. */
async function batch(network: Network, clips: number): Promise<Batch> {
  const worker = network.stack.service('audio-worker');
  const before = await stateOf(worker);
  await worker.pause();
  for (let number = 0; number < clips; number++) await upload(network);
  const began = Date.now();
  await worker.resume();
  const ended = await lastEnding(network);
  const after = await stateOf(worker);
  return {
    elapsedMs: ended - began,
    ffmpegMs: after.ffmpegMs - before.ffmpegMs,
    s3Ms: after.s3Ms - before.s3Ms,
    ownCpuMs: after.ownCpuMs - before.ownCpuMs,
    programsCpuMs: after.programsCpuMs - before.programsCpuMs,
  };
}

interface Single {
  /** From the acknowledged upload to the first attempt, the queue being empty. */
  readonly waitedMs: number;
  /** Of the attempt, what was in none of its stages: claiming, the lease, the books, the files. */
  readonly besideMs: number;
}

async function oneAlone(network: Network): Promise<Single> {
  const worker = network.stack.service('audio-worker');
  const before = await stateOf(worker);
  await upload(network);
  await lastEnding(network);
  const after = await eventually(async () => {
    const state = await stateOf(worker);
    return state.attempts > before.attempts ? state : undefined;
  });
  const stages = after.ffmpegMs - before.ffmpegMs + after.s3Ms - before.s3Ms;
  return { waitedMs: after.waitedMs - before.waitedMs, besideMs: after.attemptsMs - before.attemptsMs - stages };
}

async function upload({ member, recording }: Network): Promise<void> {
  await member.upload(await member.post(), recording);
}

/** Resolves once no job is under way, with when the last one ended (ms of the epoch, of this machine's one clock). */
function lastEnding({ books }: Network): Promise<number> {
  return eventually(async () => {
    const { rows } = await books.query<{ under_way: number; dead: number; ended: Date }>(
      `SELECT count(*) FILTER (WHERE ended_at IS NULL)::int AS under_way, max(ended_at) AS ended,
              count(*) FILTER (WHERE status = 'dead')::int AS dead FROM jobs`,
    );
    const [row] = rows;
    if (row === undefined || row.dead > 0) throw new Error(`${row?.dead ?? 'all'} jobs died`);
    return row.under_way === 0 ? row.ended.getTime() : undefined;
  });
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`the jobs had not ended after ${PATIENCE_MS / 1_000} s`);
    await sleep(20);
  }
}

/** The worker's own account, summed up since it started. */
async function stateOf(worker: RunningService) {
  const samples = await metricsOf(worker);
  const sum = (name: string, ...stages: readonly string[]) =>
    samples
      .filter((sample) => sample.name === name && stages.includes(sample.labels.stage ?? ''))
      .reduce((total, { value }) => total + value, 0);
  const pid = worker.instance?.pid ?? 0;
  return {
    ffmpegMs: 1_000 * sum('audio_processing_duration_seconds_sum', 'ffmpeg', 'waveform'),
    s3Ms: 1_000 * sum('audio_processing_duration_seconds_sum', 's3_upload'),
    waitedMs: 1_000 * sum('queue_job_duration_seconds_sum', 'wait'),
    attemptsMs: 1_000 * sum('queue_job_duration_seconds_sum', 'process'),
    attempts: sum('queue_job_duration_seconds_count', 'process'),
    ownCpuMs: cpuOf(pid),
    programsCpuMs: await endedChildrenCpu(pid),
  };
}

/** The yardstick: the worker's own two ffmpeg stages, as many at once, without queue, books and S3. Real ms. */
async function ffmpegAlone(recording: Uint8Array, clips: number, { folder, signal }: Bench): Promise<number> {
  const place = await mkdtemp(join(folder, 'ffmpeg-'));
  const source = join(place, 'clip.wav');
  await writeFile(source, recording);
  const work = { clock: new PipelineClock(1), ffmpeg: 'ffmpeg', ffmpegTimeoutSeconds: 60, signal };
  let next = 0;
  const hand = async () => {
    while (next < clips) {
      const track = join(place, `${next++}.m4a`);
      await transcode(work, source, track);
      await drawWaveform(work, track);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: HANDS }, hand));
  return performance.now() - began;
}

function figures(batches: readonly Batch[], alone: readonly number[], singles: readonly Single[], clips: number) {
  const share = (part: (batch: Batch) => number) =>
    batches.map((batch) => (part(batch) / (HANDS * batch.elapsedMs)) * 100);
  const found: Figure[] = [
    {
      name: 'clips',
      unit: '/s',
      values: batches.map(({ elapsedMs }) => (clips / elapsedMs) * 1_000),
      note: `clips of ${CLIP_SECONDS} s of noise, ${HANDS} at once.`,
    },
    { name: 'clips, ffmpeg alone', unit: '/s', values: alone.map((elapsedMs) => (clips / elapsedMs) * 1_000) },
    {
      name: 'clips, of what ffmpeg alone gets through',
      unit: '%',
      values: batches.map(({ elapsedMs }, round) => ((alone[round] ?? Number.NaN) / elapsedMs) * 100),
    },
    {
      name: 'worker time in ffmpeg and S3',
      unit: '%',
      values: share(({ ffmpegMs, s3Ms }) => ffmpegMs + s3Ms),
      aim: { is: 'at least', value: 80, ifMissed: 'See the overhead per job, and what the worker itself used.' },
      note: `of the time its ${HANDS} hands had; ${median(share(({ ffmpegMs }) => ffmpegMs)).toFixed(1)} % in ffmpeg, ${median(share(({ s3Ms }) => s3Ms)).toFixed(1)} % in S3 (medians).`,
    },
    {
      name: 'processor time in ffmpeg, of worker and ffmpeg together',
      unit: '%',
      values: batches.map(({ ownCpuMs, programsCpuMs }) => (programsCpuMs / (ownCpuMs + programsCpuMs)) * 100),
      note: `the worker itself used ${median(batches.map(({ ownCpuMs }) => ownCpuMs / clips)).toFixed(1)} ms a clip, hashing and sending to S3 among it, ffmpeg ${median(batches.map(({ programsCpuMs }) => programsCpuMs / clips)).toFixed(0)} ms.`,
    },
    {
      name: 'overhead per job in its attempt, queue empty',
      unit: 'ms',
      values: singles.map(({ besideMs }) => besideMs),
      note: 'what is in no stage: claiming, lease, settings, books, files.',
    },
    {
      name: 'upload acknowledged to first attempt, queue empty',
      unit: 'ms',
      values: singles.map(({ waitedMs }) => waitedMs),
    },
  ];
  return found;
}
