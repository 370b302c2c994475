/**
 * The audio network in containers: an upload goes all the way through volume, ffmpeg and object store, its faults take
 * hold there and heal, and nothing is left in the engine. One boot for all of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hangPrograms,
  httpErrors,
  httpHangs,
  keepFlushingRedis,
  killService,
  s3Cut,
  s3Errors,
  s3Slow,
  slowQueries,
  starveCpu,
  stopService,
} from '../chaos/index.ts';
import { createClock } from '../harness/clock.ts';
import type { Fault } from '../harness/fault.ts';
import type { Load, RunningLoad } from '../harness/load.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { openContainers } from '../harness/stack/containers.ts';
import type { Engine } from '../harness/stack/engine.ts';
import type { Stack } from '../harness/stack/service.ts';
import { engineHere, IMAGES } from '../harness/stack/testing-containers.ts';
import { listeners, uploads } from '../load/index.ts';
import { audio } from '../sut/index.ts';
import { answersOk } from '../sut/services/http.ts';
import { place } from './command.ts';
import { engineHolds } from './engine-holds.ts';

const engine = await engineHere();
/** Of the image with ffmpeg, where it is not there yet. */
const BUILT_WITHIN_MS = 300_000;

/** Of Prometheus' answer, what is read. */
interface Targets {
  readonly data: { readonly activeTargets: readonly { readonly scrapePool: string; readonly health: string }[] };
}

const faults: readonly [name: string, Fault][] = [
  ['s3Errors', s3Errors('versitygw', { error: 'SlowDown', operation: 'PutObject' })],
  ['s3Slow', s3Slow('versitygw', { delay: '300ms', operation: 'PutObject' })],
  ['s3Cut', s3Cut('versitygw', { body: 'request', operation: 'PutObject' })],
  ['httpErrors', httpErrors('elasticsearch', { status: 503, path: /_search/ })],
  ['httpHangs', httpHangs('elasticsearch')],
  ['hangPrograms', hangPrograms('audio-worker', 'ffmpeg')],
  ['starveCpu', starveCpu('audio-worker', { program: 'ffmpeg', share: '10%' })],
  ['slowQueries', slowQueries({ table: 'posts', forEach: '300ms', every: '400ms' })],
  ['keepFlushingRedis', keepFlushingRedis({ every: '100ms' })],
  ['killService', killService('audio-worker')],
  ['stopService', stopService('versitygw')],
];

describe.runIf(engine)('the audio network in containers', () => {
  // Also read where all of it is skipped.
  const docker = engine?.container.dockerode as Engine['container']['dockerode'];
  const system = audio();
  let before: number[];
  let stack: Stack;
  let logFolder: string;
  let url: string;
  beforeAll(async () => {
    before = await engineHolds(docker);
    logFolder = await mkdtemp(join(tmpdir(), 'audio-containers-'));
    stack = await bootAlone(openContainers(IMAGES), {
      services: [...system.services, ...(system.extras ?? []).filter(({ name }) => name !== 'grafana')],
      interceptions: [...new Set(faults.flatMap(([, { interception }]) => interception ?? []))],
      outside: [],
      clock: createClock(60),
      logFolder,
      say: () => {},
      onReady: () => {},
      onCrash: () => {},
    });
    const { host, port } = stack.service(system.app).endpoint;
    url = `http://${host}:${port}`;
  }, BUILT_WITHIN_MS);
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    await rm(logFolder, { recursive: true, force: true });
    expect(await engineHolds(docker)).toEqual(before);
  });

  const start = (load: Load): Promise<RunningLoad> => load.start({ url, seed: 1, speed: 60 }, () => {});

  test('has every target scraped', async () => {
    const { host, port } = stack.service('prometheus').endpoint;
    const scraped = async () => {
      const response = await fetch(`http://${host}:${port}/api/v1/targets?state=active`);
      const { data } = (await response.json()) as Targets;
      return data.activeTargets.map((target) => `${target.scrapePool} is ${target.health}`).sort();
    };
    const probes = ['audio-health', 'audio-health'];
    const jobs = ['alertmanager', 'audio-api', ...probes, 'audio-worker', 'postgres', 'prometheus', 'redis'];
    await expect.poll(scraped, { timeout: 30_000 }).toEqual(jobs.map((job) => `${job} is up`));
  });

  test('brings an upload from the shared volume through ffmpeg into the object store', async () => {
    const load = await start(uploads.at('2/s'));
    await sleep(1_000);
    const { receipts } = await load.stop();
    expect(receipts.length).toBeGreaterThan(0);
    const { counts } = await system.ledger(stack);
    expect(counts).toMatchObject({ uploads: receipts.length, done: receipts.length, dead: 0, objects_missing: 0 });
    for (const name of ['audio-api', 'audio-worker']) {
      expect(await stack.service(name).exec('stat', ['-c', '%u:%g', '/uploads'])).toBe('1000:1000\n');
    }
  });

  describe('under load', () => {
    let loads: RunningLoad[];
    beforeAll(async () => {
      loads = await Promise.all([start(uploads.at('2/s')), start(listeners.at('2/s'))]);
    });
    afterAll(async () => {
      await Promise.all(loads.map((load) => load.abandon()));
    });

    test.each(faults)('%s takes hold, proves it, and heals', async (_, fault) => {
      const injection = await fault.inject(stack, new AbortController().signal);
      await expect.poll(() => injection.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
      await injection.heal();
      for (const name of ['audio-api', 'audio-worker', 'versitygw']) {
        const { endpoint } = stack.service(name);
        await expect
          .poll(() => answersOk(endpoint, '/health').then(() => 'ok', String), { timeout: 20_000 })
          .toBe('ok');
      }
    });

    test('and after all of it, what was acknowledged is in the books', async () => {
      const totals = await Promise.all(loads.map((load) => load.stop()));
      const { counts, receipts } = await system.ledger(stack);
      expect(receipts).toEqual(expect.arrayContaining(totals.flatMap((total) => total.receipts)));
      expect(counts).toMatchObject({ pending: 0, processing: 0, lost: 0, objects_missing: 0 });
    });
  });
});

test.runIf(engine)('a run of it that is killed outright leaves no container, volume or network', async () => {
  const docker = engine?.container.dockerode as Engine['container']['dockerode'];
  const before = await engineHolds(docker);
  using here = place();
  const running = here.run('audio/quiet', '--runtime', 'containers');
  await running.says('services up');
  expect(await engineHolds(docker)).not.toEqual(before);
  running.child.kill('SIGKILL');
  await running.finished;
  await expect.poll(() => engineHolds(docker), { timeout: 30_000 }).toEqual(before);
});
