/** Sends load in a process of its own, and says what that cost: the drivers of load/, or autocannon as it comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import cannon from 'autocannon';
import type { Load, LoadTick } from '../../harness/load.ts';
import { descendantsOf } from '../../harness/stack/descendants.ts';
import type { Rate } from '../../harness/units.ts';
import { traffic } from '../../load/index.ts';
import { answer, cpuMs } from '../part.ts';
import { cpuOf } from '../usage.ts';
import { GETTER } from './getter.ts';

/** `rate` in requests a second; without one, as fast as `connections` go. */
export interface Order {
  readonly driver: 'arrivals' | 'k6' | 'lanes' | 'autocannon';
  readonly url: string;
  readonly rate?: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface Receipt {
  /** Requests answered while it was measured, after a second of warming up. */
  readonly answered: number;
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** Of a driver of ours, from its start to its end: what it counted, and how late it began (ms). */
  readonly totals?: {
    readonly dropped: number;
    readonly unanswered: number;
    readonly answered: number;
    readonly lagP50: number;
    readonly lagP99: number;
    readonly lagMax: number;
  };
}

const WARM_UP_MS = 1_000;

answer<Order, Receipt>((order) => (order.driver === 'autocannon' ? fire(order) : send(order)));

/** With a driver of ours. Measured from one tick to another: the driver counts and reads the clock in the same moment. */
async function send({ driver, url, rate = 0, connections, seconds }: Order): Promise<Receipt> {
  const load = loadOf(driver, rate, connections);
  const ticks: { readonly tick: LoadTick; readonly cpu: number }[] = [];
  /** k6 is a process of its own, below this one; what it uses counts, and so does reading what it tells. */
  let below: readonly number[] = [];
  const running = await load.start({ url, seed: 1, speed: 1 }, (tick) => {
    ticks.push({ tick, cpu: cpuMs() + below.reduce((sum, pid) => sum + cpuOf(pid), 0) });
  });
  const began = performance.now();
  below = await descendantsOf(process.pid);
  await sleep(Math.max(0, WARM_UP_MS - (performance.now() - began)));
  const from = ticks.length - 1;
  await sleep(seconds * 1_000);
  const measured = ticks.slice(from + 1);
  const totals = await running.stop();
  const sum = (of: (tick: LoadTick) => number) => measured.reduce((total, { tick }) => total + of(tick), 0);
  const elapsedMs = sum(({ tickMs }) => tickMs);
  return {
    answered: sum(({ answered }) => answered),
    elapsedMs,
    cpuMs: (measured.at(-1)?.cpu ?? Number.NaN) - (ticks[from]?.cpu ?? Number.NaN),
    totals: {
      dropped: totals.dropped,
      unanswered: totals.unanswered,
      answered: totals.answers.reduce((total, { count }) => total + count, 0),
      lagP50: totals.startLag.p50,
      lagP99: totals.startLag.p99,
      lagMax: totals.startLag.max,
    },
  };
}

function loadOf(driver: Order['driver'], rate: number, connections: number): Load {
  const getters = traffic('getters', GETTER);
  if (driver === 'lanes') return getters.saturating({ connections });
  // A VU of k6 takes time to make, and is there from the beginning.
  const capacity = driver === 'k6' ? 1_000 : 5_000;
  return getters.at(`${rate}/s` as Rate, { capacity }).under(driver);
}

/** With autocannon and nothing of ours around it. */
async function fire({ url, rate, connections, seconds }: Order): Promise<Receipt> {
  const options = {
    url,
    connections,
    ...(rate === undefined ? {} : { overallRate: rate, ignoreCoordinatedOmission: true }),
  };
  await cannon({ ...options, duration: WARM_UP_MS / 1_000 });
  const [began, cpu] = [performance.now(), cpuMs()];
  const result = await cannon({ ...options, duration: Math.ceil(seconds) });
  return { answered: result['2xx'], elapsedMs: performance.now() - began, cpuMs: cpuMs() - cpu };
}
