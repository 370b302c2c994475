/**
 * What instrumentation costs: the same shop with its telemetry and without, side by side on one Postgres and one Redis,
 * loaded in turns. A third one, without telemetry too, is the control: what it seems to cost is noise.
 */
import { mkdtemp, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { createClock } from '../harness/clock.ts';
import type { Load } from '../harness/load.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { openProcesses } from '../harness/stack/processes.ts';
import type { Stack } from '../harness/stack/service.ts';
import { buyers, traffic } from '../load/index.ts';
import { postgres, postgresUrl } from '../sut/services/postgres.ts';
import { redis, redisUrl } from '../sut/services/redis.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { Part } from './part.ts';
import { GETTER } from './parts/getter.ts';
import type { ShopState } from './parts/shop.ts';
import { median, mirrored, pairedExcess, rotated, spread } from './statistics.ts';

const SHOPS = ['on', 'off', 'control'] as const;
type Name = (typeof SHOPS)[number];
/** How each is built; the one with timed recordings is measured by itself, afterwards. */
const TELEMETRY = { on: 'on', off: 'off', control: 'off', timed: 'timed' } as const;
type Shop = Part<'state', ShopState>;
/** As many visitors as keep one process busy; each has one request out. */
const CONNECTIONS = 16;
const warmUpMs = ({ quick }: Bench): number => (quick ? 1_000 : 3_000);

const checkouts = buyers.saturating({ connections: CONNECTIONS });
/** The cheapest answer the app has, without a log line: the two recordings of any request are the most here they ever are. */
const health = traffic('health', { ...GETTER, name: 'prober' }).saturating({ connections: CONNECTIONS });

export const overhead: Benchmark = {
  name: 'overhead',
  summary: 'instrumentation on and off, interleaved: processor time per request of the app, and requests per second',
  async measure(bench) {
    await using stack = await bootAlone(openProcesses, {
      services: [postgres, redis],
      interceptions: [],
      outside: [],
      clock: createClock(1),
      logFolder: await mkdtemp(join(bench.folder, 'overhead-')),
      say: bench.say,
      signal: bench.signal,
      onReady: () => {},
      onCrash: ({ name }, detail) => bench.say(`${name} ended: ${detail}`),
    });
    await using shops = new AsyncDisposableStack();
    const byName = new Map<Name, Shop>();
    for (const [place, name] of SHOPS.entries())
      byName.set(name, shops.use(await startShop(name, place, stack, bench)));
    const clocked = shops.use(await startShop('timed', SHOPS.length, stack, bench));
    const measure = async (load: Load, rounds: number, blockMs: number): Promise<Blocks> => {
      for (const [, shop] of byName) await block(shop, load, warmUpMs(bench));
      const blocks: Blocks = { on: [], off: [], control: [] };
      for (let round = 0; round < rounds; round++) {
        bench.say(`${load.description}, round ${round + 1} of ${rounds}`);
        for (const name of mirrored(rotated(SHOPS, round))) {
          bench.signal.throwIfAborted();
          const shop = byName.get(name);
          if (shop) blocks[name].push(await block(shop, load, blockMs));
        }
      }
      return blocks;
    };
    const idle = await idleShare(byName, bench.quick ? 1_000 : 3_000);
    const whole = await measure(checkouts, bench.quick ? 1 : 10, bench.quick ? 1_000 : 1_200);
    const trivial = await measure(health, bench.quick ? 1 : 6, bench.quick ? 500 : 700);
    const recorded = await recordings(clocked, bench);
    return [
      ...figures('checkout path', whole, recorded.microseconds),
      {
        name: 'checkout path: recordings timed in place, of the processor time off',
        unit: '%',
        values: [(recorded.microseconds / median(whole.off.map(({ cost }) => cost))) * 100],
        note: `${recorded.count.toFixed(1)} recordings a request, ${recorded.microseconds.toFixed(1)} µs together; without the scrapes and the sampling of the event loop.`,
      },
      ...figures('GET /health, the upper bound', trivial),
      {
        name: 'idle: share of a core, on less off',
        unit: '%',
        values: [idle],
        note: 'the sampling of the event loop, a hundred times a second; a busy loop is awake for it anyway.',
      },
    ];
  },
};

type Blocks = Record<Name, Block[]>;

interface Block {
  /** Processor time of the app in µs per request answered. */
  readonly cost: number;
  readonly perSecond: number;
  readonly answered: number;
}

/** Drained before it is counted: processor time and answers belong to the same requests. One scrape is among them. */
async function block(shop: Shop, load: Load, ms: number): Promise<Block> {
  const before = await shop.ask('state');
  const began = performance.now();
  const running = await load.start({ url: before.url, seed: 1, speed: 1 }, () => {});
  await Promise.all([
    new Promise((resolve) => setTimeout(resolve, ms)),
    fetch(`${before.url}/metrics`).then((response) => response.text()),
  ]);
  const totals = await running.stop();
  const elapsed = performance.now() - began;
  const { cpuMs } = await shop.ask('state');
  const answered = totals.answers.reduce((sum, { count }) => sum + count, 0);
  const failed = totals.answers.reduce((sum, { status, count }) => sum + (status >= 500 ? count : 0), 0);
  if (failed > 0 || totals.unanswered > 0) throw new Error(`${failed} errors, ${totals.unanswered} unanswered`);
  return { cost: ((cpuMs - before.cpuMs) / answered) * 1_000, perSecond: (answered / elapsed) * 1_000, answered };
}

/** How many recordings a request makes and what they take together, each at its median. */
async function recordings(shop: Shop, bench: Bench): Promise<{ count: number; microseconds: number }> {
  await block(shop, checkouts, warmUpMs(bench));
  const before = (await shop.ask('state')).recordings ?? {};
  const { answered } = await block(shop, checkouts, bench.quick ? 1_500 : 5_000);
  const after = (await shop.ask('state')).recordings ?? {};
  const each = Object.entries(after).map(([name, { count, medianMicroseconds }]) => ({
    count: (count - (before[name]?.count ?? 0)) / answered,
    medianMicroseconds,
  }));
  return {
    count: each.reduce((sum, { count }) => sum + count, 0),
    microseconds: each.reduce((sum, { count, medianMicroseconds }) => sum + count * medianMicroseconds, 0),
  };
}

async function startShop(name: keyof typeof TELEMETRY, place: number, stack: Stack, { folder }: Bench): Promise<Shop> {
  const url = postgresUrl(stack.service('postgres').endpoint);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE "${name}"`);
  await client.end();
  const log = await open(join(await mkdtemp(join(folder, `${name}-`)), 'app.log'), 'a');
  try {
    return await Part.start<'state', ShopState>('shop', {
      stdout: log.fd,
      env: {
        TELEMETRY: TELEMETRY[name],
        PORT: '1', // must be there; it listens wherever there is room
        DATABASE_URL: new URL(name, url).href,
        REDIS_URL: `${redisUrl(stack.service('redis').endpoint)}/${place}`,
        SALE_ITEMS: '10000000',
        SALE_DURATION_MS: '86400000',
      },
    });
  } finally {
    await log.close();
  }
}

function figures(path: string, { on, off, control }: Blocks, recorded?: number): Figure[] {
  const costs = (blocks: readonly Block[]) => blocks.map(({ cost }) => cost);
  const speeds = (blocks: readonly Block[]) => blocks.map(({ perSecond }) => perSecond);
  const [measured, noise] = [pairedExcess(costs(on), costs(off)), pairedExcess(costs(control), costs(off))];
  const [with_, without] = [median(costs(on)), median(costs(off))];
  return [
    {
      name: `${path}: processor time, on over off`,
      unit: '%',
      values: measured,
      ...(recorded === undefined ? {} : { aim: { is: 'under', value: 1, ifMissed: doubts(recorded, noise) } }),
      note: `medians: on ${with_.toFixed(1)} µs, off ${without.toFixed(1)} µs a request.`,
    },
    { name: `${path}: control over off (the noise)`, unit: '%', values: noise },
    { name: `${path}: requests, off over on`, unit: '%', values: pairedExcess(speeds(off), speeds(on)) },
  ];
}

/** A missed aim may be the machine's fault; how much that could be is what the control is for. */
function doubts(recorded: number, noise: readonly number[]): string {
  const { low, high } = spread(noise);
  return `Timed in place the recordings take ${recorded.toFixed(1)} µs a request; the control, which records nothing, lies ${low.toFixed(1)} to ${high.toFixed(1)} % over off, and less than that these blocks cannot tell.`;
}

/** What telemetry takes of a core while nothing is asked of the shop, percent: on less off over the same time. */
async function idleShare(shops: ReadonlyMap<Name, Shop>, ms: number): Promise<number> {
  const used = async (name: Name) => (await shops.get(name)?.ask('state'))?.cpuMs ?? Number.NaN;
  const before = [await used('on'), await used('off')] as const;
  await new Promise((resolve) => setTimeout(resolve, ms));
  const after = [await used('on'), await used('off')] as const;
  return ((after[0] - before[0] - (after[1] - before[1])) / ms) * 100;
}
