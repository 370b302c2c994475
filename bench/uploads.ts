/**
 * The upload API of the audio network, a hundred uploads at once: what it takes beside a server that does nothing but write
 * bodies to disk, and whether its memory grows with the files.
 */
import { request } from 'undici';
import type { RunningService } from '../harness/stack/service.ts';
import { clip } from '../load/journeys/audio/clips.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { bootNetwork, Member } from './network.ts';
import { Part } from './part.ts';
import type { SinkState } from './parts/sink.ts';
import { median, pairedExcess } from './statistics.ts';
import { cpuOf, forgetPeak, peakOf } from './usage.ts';

const AT_ONCE = 100;
/** Seconds of WAV: two megabytes, more than every buffer on the way together, and eight times that. */
const SIZES = { small: 12, large: 96 } as const;
type Size = keyof typeof SIZES;
const MB = 1e6;
const megabytes = (size: Size): number => Number((clip(SIZES[size]).length / MB).toFixed(1));

export const uploads: Benchmark = {
  name: 'uploads',
  summary: `audio: ${AT_ONCE} uploads at once beside a bare server, and the API's peak memory for small and large files`,
  async measure(bench) {
    const rounds = bench.quick ? 1 : 3;
    // Without a worker: what is uploaded stays, and nobody else has the processor.
    await using stack = await bootNetwork(bench, {}, { without: ['audio-worker'] });
    const api = stack.service('audio-api');
    const [measured, bare]: [Blocks, Blocks] = [
      { small: [], large: [] },
      { small: [], large: [] },
    ];
    for (let round = 0; round < rounds; round++) {
      for (const size of round % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const)) {
        bench.signal.throwIfAborted();
        bench.say(`${AT_ONCE} uploads of ${megabytes(size)} MB, round ${round + 1} of ${rounds}`);
        const turns = [
          async () => measured[size].push(await toApi(api, size)),
          async () => bare[size].push(await toSink(bench, size)),
        ];
        for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
      }
    }
    return (['small', 'large'] as const)
      .flatMap((size) => figuresOf(size, measured[size], bare[size]))
      .concat(growth(measured, bare));
  },
};

interface Block {
  readonly elapsedMs: number;
  /** Of the server, per upload. */
  readonly cpuMs: number;
  /** Greatest resident set of the server meanwhile. */
  readonly peakBytes: number;
}

type Blocks = Record<Size, Block[]>;

/** To an API that has just been started: what earlier uploads made it take is gone. */
async function toApi(api: RunningService, size: Size): Promise<Block> {
  await api.stop();
  await api.start();
  const member = await Member.join(api);
  // The first hundred compile the code and open the connections, and are small before either size.
  await burst(await postsOf(member), (post) => member.upload(post, clip(SIZES.small)));
  const pid = api.instance?.pid ?? 0;
  const posts = await postsOf(member);
  await forgetPeak(pid);
  const cpu = cpuOf(pid);
  const elapsedMs = await burst(posts, (post) => member.upload(post, clip(SIZES[size])));
  return { elapsedMs, cpuMs: (cpuOf(pid) - cpu) / AT_ONCE, peakBytes: await peakOf(pid) };
}

/** To a server that has been started for it, too. */
async function toSink({ folder }: Bench, size: Size): Promise<Block> {
  await using sink = await Part.start<'state', SinkState>('sink', { env: { SINK_FOLDER: folder } });
  const { url, pid } = await sink.ask('state');
  const urls = Array.from({ length: AT_ONCE }, () => url);
  await burst(urls, () => send(url, clip(SIZES.small)));
  await forgetPeak(pid);
  const cpu = cpuOf(pid);
  const elapsedMs = await burst(urls, () => send(url, clip(SIZES[size])));
  return { elapsedMs, cpuMs: (cpuOf(pid) - cpu) / AT_ONCE, peakBytes: await peakOf(pid) };
}

async function send(url: string, body: Uint8Array): Promise<void> {
  const response = await request(url, { method: 'POST', body });
  await response.body.dump();
  if (response.statusCode !== 202) throw new Error(`the bare server answered ${response.statusCode}`);
}

const postsOf = (member: Member) => Promise.all(Array.from({ length: AT_ONCE }, () => member.post()));

/** All at once. Real ms until the last is answered. */
async function burst(urls: readonly string[], upload: (url: string) => Promise<void>): Promise<number> {
  const began = performance.now();
  await Promise.all(urls.map(upload));
  return performance.now() - began;
}

function figuresOf(size: Size, api: readonly Block[], bare: readonly Block[]): Figure[] {
  const speed = ({ elapsedMs }: Block) => (AT_ONCE / elapsedMs) * 1_000;
  const name = `${megabytes(size)} MB files`;
  return [
    { name: `${name}: uploads`, unit: '/s', values: api.map(speed) },
    {
      name: `${name}: of what the bare server takes`,
      unit: '%',
      values: api.map((block, round) => (speed(block) / speed(bare[round] as Block)) * 100),
      note: `medians: ${median(api.map(({ cpuMs }) => cpuMs)).toFixed(1)} ms of processor time an upload, the bare server ${median(bare.map(({ cpuMs }) => cpuMs)).toFixed(1)} ms.`,
    },
    {
      name: `${name}: peak memory`,
      unit: 'MB',
      values: api.map(({ peakBytes }) => peakBytes / MB),
      note: `resident set; the bare server ${Math.round(median(bare.map(({ peakBytes }) => peakBytes)) / MB)} MB; ${Math.round(AT_ONCE * megabytes(size))} MB are under way at once.`,
    },
  ];
}

function growth(api: Blocks, bare: Blocks): Figure {
  const grown = ({ small, large }: Blocks) =>
    pairedExcess(
      large.map(({ peakBytes }) => peakBytes),
      small.map(({ peakBytes }) => peakBytes),
    );
  return {
    name: `peak memory, ${megabytes('large')} MB files over ${megabytes('small')} MB files`,
    unit: '%',
    values: grown(api),
    aim: { is: 'under', value: 25, ifMissed: 'Something keeps more of a body than a stream holds.' },
    note: `of the bare server: ${median(grown(bare)).toFixed(0)} % (median).`,
  };
}
