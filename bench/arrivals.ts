/**
 * The arrivals driver and k6: do they keep their schedule, and what does a request cost them, beside autocannon and wrk on
 * the same server. The cost is processor time, not throughput: a generator shares its machine with what it loads.
 */
import { execa } from 'execa';
import { find } from '../harness/stack/programs.ts';
import { locateK6 } from '../load/k6/program.ts';
import { WRK } from '../tools/extra-programs.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { Part } from './part.ts';
import type { Order, Receipt } from './parts/generator.ts';
import type { ServerState } from './parts/server.ts';
import { median, rotated } from './statistics.ts';
import { endedChildrenCpu } from './usage.ts';

const CONNECTIONS = 32;

interface Contender {
  readonly name: string;
  readonly driver: Order['driver'] | 'wrk';
  readonly rate?: number;
}

/** At rates of scenarios and far beyond; what cannot be paced, as fast as it goes. */
const CONTENDERS: readonly Contender[] = [
  { name: 'arrivals at 100/s', driver: 'arrivals', rate: 100 },
  { name: 'arrivals at 1000/s', driver: 'arrivals', rate: 1_000 },
  { name: 'arrivals at 4000/s', driver: 'arrivals', rate: 4_000 },
  { name: 'k6 at 100/s', driver: 'k6', rate: 100 },
  { name: 'k6 at 1000/s', driver: 'k6', rate: 1_000 },
  { name: 'autocannon at 1000/s', driver: 'autocannon', rate: 1_000 },
  { name: 'autocannon at 4000/s', driver: 'autocannon', rate: 4_000 },
  { name: 'autocannon flat out', driver: 'autocannon' },
  { name: 'our autocannon driver flat out', driver: 'lanes' },
  { name: 'wrk flat out', driver: 'wrk' },
];

export const arrivals: Benchmark = {
  name: 'arrivals',
  summary: 'the arrivals driver and k6: schedule kept, start lag, and cost per request beside autocannon and wrk',
  async measure(bench) {
    const receipts = new Map<Contender, Turn[]>(CONTENDERS.map((contender) => [contender, []]));
    const [rounds, seconds] = bench.quick ? [1, 1] : [3, 3];
    if (find(WRK) === undefined) throw new Error('wrk is missing; npm run bench installs it, or says how.');
    await locateK6(bench.say);
    await using server = await Part.start<'state', ServerState>('server');
    for (let round = 0; round < rounds; round++) {
      for (const contender of rotated(CONTENDERS, round)) {
        bench.signal.throwIfAborted();
        bench.say(`${contender.name}, round ${round + 1} of ${rounds}`);
        receipts.get(contender)?.push(await turn(contender, server, seconds));
      }
    }
    return [...receipts].flatMap(([contender, of]) => [...punctuality(contender, of), ...cost(contender, of, bench)]);
  },
};

interface Turn extends Receipt {
  /**
   * The rate of arrivals as the server saw them and the one that was asked for, the smaller over the larger: catching up
   * is as far from the schedule as lagging. The driver's own word is not taken for it.
   */
  readonly achieved?: number;
}

/** A fresh generator each time, on the one server. Throws where driver and server disagree about a single request. */
async function turn(contender: Contender, server: Part<'state', ServerState>, seconds: number): Promise<Turn> {
  const { url } = await server.ask('state');
  if (contender.driver === 'wrk') return wrk(url, seconds);
  const { driver, rate } = contender;
  await using generator = await Part.start<Order, Receipt>('generator');
  const receipt = await generator.ask({
    driver,
    url,
    connections: CONNECTIONS,
    seconds,
    ...(rate === undefined ? {} : { rate }),
  });
  if (receipt.totals) {
    const { answered, rate: seen } = await server.ask('state');
    if (answered !== receipt.totals.answered)
      throw new Error(`${contender.name} counted ${receipt.totals.answered} answers, the server ${answered}`);
    if (rate !== undefined && seen !== undefined) return { ...receipt, achieved: Math.min(seen / rate, rate / seen) };
  }
  return receipt;
}

async function wrk(url: string, seconds: number): Promise<Receipt> {
  const [cpu, began] = [await endedChildrenCpu(), performance.now()];
  const { stdout } = await execa(find(WRK) ?? 'wrk', ['-t1', `-c${CONNECTIONS}`, `-d${Math.ceil(seconds)}s`, url]);
  const elapsedMs = performance.now() - began;
  const answered = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? Number.NaN);
  return { answered, elapsedMs, cpuMs: (await endedChildrenCpu()) - cpu };
}

function punctuality({ name }: Contender, receipts: readonly Turn[]): Figure[] {
  const totals = receipts.flatMap((receipt) => receipt.totals ?? []);
  const achieved = receipts.flatMap((receipt) => receipt.achieved ?? []);
  if (achieved.length === 0) return [];
  const lost = totals.reduce((sum, { dropped, unanswered }) => sum + dropped + unanswered, 0);
  return [
    {
      name: `${name}: achieved of scheduled`,
      unit: '%',
      values: achieved.map((share) => share * 100),
      aim: { is: 'at least', value: 99.9, ifMissed: 'Somebody else had the processor: see the start lag.' },
      ...(lost === 0 ? {} : { note: `${lost} dropped or unanswered.` }),
    },
    {
      name: `${name}: start lag p99`,
      unit: 'ms',
      values: totals.map(({ lagP99 }) => lagP99),
      note: `p50 ${median(totals.map(({ lagP50 }) => lagP50)).toFixed(2)} ms, greatest ${Math.max(...totals.map(({ lagMax }) => lagMax)).toFixed(1)} ms; the first second included, in which code is compiled and connections are opened.`,
    },
  ];
}

function cost({ name, rate }: Contender, receipts: readonly Turn[], { quick }: Bench): Figure[] {
  const perSecond = receipts.map(({ answered, elapsedMs }) => (answered / elapsedMs) * 1_000);
  return [
    {
      name: `${name}: processor time per request`,
      unit: 'µs',
      values: receipts.map(({ answered, cpuMs }) => (cpuMs / answered) * 1_000),
    },
    ...(rate === undefined && !quick
      ? [{ name: `${name}: requests`, unit: '/s', values: perSecond } satisfies Figure]
      : []),
  ];
}
