/** From nothing to a whole stack that answers, and to the first scrape of every target; in both runtimes, side by side. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClock } from '../harness/clock.ts';
import { messageOf } from '../harness/errors.ts';
import { prometheusAt } from '../harness/prometheus.ts';
import { startReceiver } from '../harness/receiver.ts';
import { boot as bootIn } from '../harness/stack/boot.ts';
import { type ChosenRuntime, chooseRuntime } from '../harness/stack/choose.ts';
import { STACK } from '../harness/stack/container-labels.ts';
import { connectEngine } from '../harness/stack/engine.ts';
import { imageOf, imagesOfEnvironment, obtain } from '../harness/stack/images.ts';
import type { RuntimeName, Stack } from '../harness/stack/service.ts';
import { flashSale } from '../sut/index.ts';
import type { Bench, Benchmark, Figure } from './benchmark.ts';
import { median } from './statistics.ts';
import { memoryOfTree } from './usage.ts';

const DROP_CACHES = '/proc/sys/vm/drop_caches';
const MB = 1e6;
const IMAGES = imagesOfEnvironment();

export const boot: Benchmark = {
  name: 'boot',
  summary: 'the whole stack, from nothing to ready and to the first scrape, as processes and in containers',
  async measure(bench) {
    const runtimes = await runtimesHere(bench);
    const turns = bench.quick ? 1 : 4;
    const warm = new Map<RuntimeName, Boot[]>(runtimes.map(({ name }) => [name, []]));
    const cold = new Map<RuntimeName, Boot[]>(runtimes.map(({ name }) => [name, []]));
    for (let turn = 0; turn < turns; turn++) {
      // Turn about, so that a neighbour's load meets both.
      for (const runtime of runtimes) {
        bench.say(`${runtime.name}, boot ${turn + 1}`);
        warm.get(runtime.name)?.push(await bootOnce(runtime, bench));
      }
    }
    for (const runtime of runtimes) {
      if (!(await dropCaches())) break;
      bench.say(`${runtime.name}, cold`);
      cold.get(runtime.name)?.push(await bootOnce(runtime, bench));
    }
    return [
      ...runtimes.flatMap(({ name }) => figuresOf(name, warm.get(name) ?? [], cold.get(name) ?? [])),
      ...(runtimes.some(({ name }) => name === 'containers') ? await imageFigures(bench) : []),
    ];
  },
};

/** Containers only where they can be had: a boot that could not be made is no figure. */
async function runtimesHere({ say }: Bench): Promise<ChosenRuntime[]> {
  const { services } = flashSale();
  const processes = await chooseRuntime('processes', services, IMAGES);
  const other = await chooseRuntime('auto', services, IMAGES).catch((error: unknown) => messageOf(error));
  if (typeof other !== 'string' && other.name === 'containers') return [processes, other];
  say(`containers are not measured: ${typeof other === 'string' ? other : other.why}`);
  return [processes];
}

function figuresOf(name: RuntimeName, warm: readonly Boot[], cold: readonly Boot[]): Figure[] {
  const services = [...(warm[0]?.services.keys() ?? [])];
  const each = services.map(
    (service) => `${service} ${(median(warm.map((one) => one.services.get(service) ?? 0)) / 1000).toFixed(2)} s`,
  );
  return [
    {
      name: `${name}: all services ready`,
      unit: 's',
      values: warm.map(({ readyMs }) => readyMs / 1000),
      note: `each service from its start on, median: ${each.join(', ')}.`,
      ...(name === 'processes'
        ? {
            aim: {
              is: 'under',
              value: 3,
              ifMissed:
                'Most of it is initdb, which is bound by the processor, then the app, which waits for Postgres.',
            },
          }
        : {}),
    },
    {
      name: `${name}: first scrape of every target`,
      unit: 's',
      values: warm.map(({ scrapedMs }) => scrapedMs / 1000),
      note: 'Prometheus 2.42 holds its targets back for five seconds after its start, and no flag moves that.',
    },
    ...(cold.length === 0
      ? []
      : [
          {
            name: `${name}: all services ready, cold`,
            unit: 's' as const,
            values: cold.map(({ readyMs }) => readyMs / 1000),
            note: 'cold: the kernel has dropped its page cache just before, as after a restart of the machine.',
          },
        ]),
    { name: `${name}: stack, once ready`, unit: 'MB', values: warm.map(({ bytes }) => bytes / MB) },
  ];
}

interface Boot {
  readonly readyMs: number;
  readonly scrapedMs: number;
  readonly services: ReadonlyMap<string, number>;
  /** Proportional set size of all services. */
  readonly bytes: number;
}

async function bootOnce(runtime: ChosenRuntime, { folder, signal, say }: Bench): Promise<Boot> {
  const { services } = flashSale();
  const took = new Map<string, number>();
  const logFolder = await mkdtemp(join(folder, 'boot-'));
  const began = performance.now();
  await using place = await runtime.open(services, say, signal);
  await using receiver = await startReceiver(() => {}, place.doorstep.listen);
  await using stack = await bootIn(place, {
    services,
    interceptions: [],
    outside: [{ address: 'receiver:9099', endpoint: receiver.endpoint }],
    clock: createClock(60),
    logFolder,
    signal,
    onReady: ({ name }, ms) => took.set(name, ms),
    onCrash: ({ name }, detail) => say(`${name} ended: ${detail}`),
  });
  const readyMs = performance.now() - began;
  const prometheus = prometheusAt(stack.service('prometheus').endpoint);
  while (!(await prometheus.scraping())) {
    if (performance.now() - began > 30_000) throw new Error('Prometheus had not scraped every target after 30 s');
    await sleep(25, undefined, { signal });
  }
  return { readyMs, scrapedMs: performance.now() - began, services: took, bytes: await memoryOf(stack) };
}

async function memoryOf(stack: Stack): Promise<number> {
  const trees = await Promise.all((await mainProcesses(stack)).map((pid) => memoryOfTree(pid)));
  return trees.flat().reduce((sum, { pss }) => sum + pss, 0);
}

/** By their numbers on this machine, which the engine knows of a container. */
async function mainProcesses(stack: Stack): Promise<number[]> {
  if (stack.runtime === 'processes') return stack.services.flatMap(({ instance }) => instance?.pid ?? []);
  const { dockerode } = (await connectEngine()).container;
  const running = await dockerode.listContainers({ filters: { label: [STACK] } });
  const states = await Promise.all(running.map(({ Id }) => dockerode.getContainer(Id).inspect()));
  return states.map(({ State }) => State.Pid);
}

/** Whether it could be done: the kernel lets root alone. */
function dropCaches(): Promise<boolean> {
  return writeFile(DROP_CACHES, '3').then(
    () => true,
    () => false,
  );
}

async function imageFigures({ say }: Bench): Promise<Figure[]> {
  const engine = await connectEngine();
  const sizes = await Promise.all(
    flashSale().services.map(async (service) => {
      const image = imageOf(service, IMAGES);
      if (image === undefined) return { name: service.name, bytes: 0 };
      const { Size } = await engine.container.dockerode.getImage(await obtain(engine, image, say)).inspect();
      return { name: service.name, bytes: Size };
    }),
  );
  return [
    {
      name: 'containers: images, all together',
      unit: 'MB',
      values: [sizes.reduce((sum, { bytes }) => sum + bytes, 0) / MB],
      note: `${sizes.map(({ name, bytes }) => `${name} ${Math.round(bytes / MB)}`).join(', ')}, in MB; layers that images share are counted in each. Behind --image-prefix they are that registry's.`,
    },
  ];
}
