/** From nothing to a whole stack that answers, and to the first scrape of every target. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClock } from '../harness/clock.ts';
import { prometheusAt } from '../harness/prometheus.ts';
import { startReceiver } from '../harness/receiver.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { openProcesses } from '../harness/stack/processes.ts';
import { flashSale } from '../sut/index.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { median } from './statistics.ts';

export const boot: Benchmark = {
  name: 'boot',
  summary: 'the whole stack, from nothing to ready and to the first scrape',
  async measure(bench) {
    const boots: Boot[] = [];
    for (let turn = 0; turn < (bench.quick ? 1 : 4); turn++) {
      bench.say(`boot ${turn + 1}`);
      boots.push(await bootOnce(bench));
    }
    const names = [...(boots[0]?.services.keys() ?? [])];
    const each = names.map(
      (name) => `${name} ${(median(boots.map(({ services }) => services.get(name) ?? 0)) / 1000).toFixed(2)} s`,
    );
    return [
      {
        name: 'all services ready',
        unit: 's',
        values: boots.map(({ readyMs }) => readyMs / 1000),
        aim: {
          is: 'under',
          value: 3,
          ifMissed: 'Most of it is initdb, which is bound by the processor, then the app, which waits for Postgres.',
        },
        note: `each service from its start on, median: ${each.join(', ')}.`,
      },
      {
        name: 'first scrape of every target',
        unit: 's',
        values: boots.map(({ scrapedMs }) => scrapedMs / 1000),
        note: 'Prometheus 2.42 holds its targets back for five seconds after its start, and no flag moves that.',
      },
    ];
  },
};

interface Boot {
  readonly readyMs: number;
  readonly scrapedMs: number;
  readonly services: ReadonlyMap<string, number>;
}

async function bootOnce({ folder, signal, say }: Bench): Promise<Boot> {
  const services = new Map<string, number>();
  await using receiver = await startReceiver(() => {});
  const logFolder = await mkdtemp(join(folder, 'boot-'));
  const began = performance.now();
  await using stack = await bootAlone(openProcesses, {
    services: flashSale().services,
    interceptions: [],
    outside: [{ address: 'receiver:9099', endpoint: receiver.endpoint }],
    clock: createClock(60),
    logFolder,
    say,
    signal,
    onReady: ({ name }, ms) => services.set(name, ms),
    onCrash: ({ name }, detail) => say(`${name} ended: ${detail}`),
  });
  const readyMs = performance.now() - began;
  const prometheus = prometheusAt(stack.service('prometheus').endpoint);
  while (!(await prometheus.scraping())) {
    if (performance.now() - began > 30_000) throw new Error('Prometheus had not scraped every target after 30 s');
    await sleep(25, undefined, { signal });
  }
  return { readyMs, scrapedMs: performance.now() - began, services };
}
