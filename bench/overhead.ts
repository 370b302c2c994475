/**
 * What instrumentation costs: the same shop with its telemetry and without, side by side on one Postgres and one Redis,
 * loaded in turns. A third one, without telemetry too, is the control: what it seems to cost is noise.
 */
import { mkdtemp, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { createClock } from '../harness/clock.ts';
import type { Load } from '../harness/load.ts';
import { bootProcesses } from '../harness/stack/processes.ts';
import type { Stack } from '../harness/stack/service.ts';
import { buyers, traffic } from '../load/index.ts';
import { postgres, postgresUrl } from '../sut/services/postgres.ts';
import { redis, redisUrl } from '../sut/services/redis.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { Part } from './part.ts';
import { GETTER } from './parts/getter.ts';
import type { ShopState } from './parts/shop.ts';
import { median, mirrored, pairedExcess, rotated } from './statistics.ts';

const SHOPS = ['on', 'off', 'control'] as const;
type Name = (typeof SHOPS)[number];
/** How each is built; the one with timed recordings is measured by itself, afterwards. */
const TELEMETRY = { on: 'on', off: 'off', control: 'off', timed: 'timed' } as const;
type Shop = Part<'state', ShopState>;
/** As many visitors as keep one process busy; each has one request out. */
const CONNECTIONS = 16;
const WARM_UP_MS = 3_000;

const checkouts = buyers.saturating({ connections: CONNECTIONS });
/** The cheapest answer the app has, without a log line: the two recordings of any request are the most here they ever are. */
const health = traffic('health', { ...GETTER, name: 'prober' }).saturating({ connections: CONNECTIONS });

export const overhead: Benchmark = {
  name: 'overhead',
  summary: 'instrumentation on and off, interleaved: processor time per request of the app, and requests per second',
  async measure(bench) {
    await using stack = await bootProcesses({
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
      for (const [, shop] of byName) await block(shop, load, bench.quick ? WARM_UP_MS / 2 : WARM_UP_MS);
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
    const whole = await measure(checkouts, bench.quick ? 2 : 10, bench.quick ? 1_000 : 1_200);
    const trivial = await measure(health, bench.quick ? 1 : 6, bench.quick ? 500 : 700);
    const recorded = await recordings(clocked, checkouts, bench.quick ? 2_000 : 5_000);
    return [
      ...figures('checkout path', whole, 1),
      {
        name: 'checkout path: recordings timed in place, of the processor time off',
        unit: '%',
        values: [(recorded.microseconds / median(whole.off.map(({ cost }) => cost))) * 100],
        note: `${recorded.count.toFixed(1)} recordings a request, ${recorded.microseconds.toFixed(1)} µs together; without the scrapes and the sampling of the event loop.`,
      },
      ...figures('GET /health, the upper bound', trivial),
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
async function recordings(shop: Shop, load: Load, ms: number): Promise<{ count: number; microseconds: number }> {
  await block(shop, load, WARM_UP_MS);
  const before = (await shop.ask('state')).recordings ?? {};
  const { answered } = await block(shop, load, ms);
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

function figures(path: string, { on, off, control }: Blocks, aim?: number): Figure[] {
  const costs = (blocks: readonly Block[]) => blocks.map(({ cost }) => cost);
  const speeds = (blocks: readonly Block[]) => blocks.map(({ perSecond }) => perSecond);
  const [measured, noise] = [pairedExcess(costs(on), costs(off)), pairedExcess(costs(control), costs(off))];
  const [with_, without] = [median(costs(on)), median(costs(off))];
  return [
    {
      name: `${path}: processor time, on over off`,
      unit: '%',
      values: measured,
      ...(aim === undefined
        ? {}
        : {
            aim: {
              is: 'under',
              value: aim,
              ifMissed: `That is ${(with_ - without).toFixed(1)} µs of ${without.toFixed(0)} µs a request; the control, which has no telemetry, differs by ${median(noise).toFixed(2)} %.`,
            } as const,
          }),
      note: `medians: on ${with_.toFixed(1)} µs, off ${without.toFixed(1)} µs a request.`,
    },
    { name: `${path}: control over off (the noise)`, unit: '%', values: noise },
    { name: `${path}: requests, off over on`, unit: '%', values: pairedExcess(speeds(off), speeds(on)) },
  ];
}
