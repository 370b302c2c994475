/** Whole runs in containers: every fault takes hold there and heals, scenarios hold, and nothing is left in the engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  blockEventLoop,
  cutLink,
  flushRedis,
  killService,
  leakMemory,
  pauseService,
  redeploy,
  renameTable,
  slowLink,
  stallLink,
  stopService,
} from '../chaos/index.ts';
import { createClock } from '../harness/clock.ts';
import type { Fault } from '../harness/fault.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { sweepStacks } from '../harness/stack/container-labels.ts';
import { openContainers } from '../harness/stack/containers.ts';
import type { Engine } from '../harness/stack/engine.ts';
import type { Endpoint, Stack } from '../harness/stack/service.ts';
import { engineHere, IMAGES } from '../harness/stack/testing-containers.ts';
import { flashSale } from '../sut/index.ts';
import { answersOk } from '../sut/services/http.ts';
import { place } from './command.ts';
import { engineHolds } from './engine-holds.ts';
import { engineLine } from './engine-line.ts';

const engine = await engineHere();
const run = ['--runtime', 'containers'];

describe.runIf(engine)('in containers', () => {
  // Also read where all of it is skipped.
  const docker = engine?.container.dockerode as Engine['container']['dockerode'];
  const held = () => engineHolds(docker);
  let before: number[];
  beforeAll(async () => {
    before = await held();
  });
  afterEach(async () => {
    await expect.poll(held, { timeout: 30_000 }).toEqual(before);
  });

  test.each(['flash-sale/pool-exhausted', 'flash-sale/app-killed'])('%s holds', async (id) => {
    using here = place();
    const { code, stderr } = await here.run(id, ...run).finished;
    expect(code, stderr).toBe(0);
  });

  test('a run that is interrupted in its fault heals, and removes what it booted', async () => {
    using here = place();
    const running = here.run('flash-sale/redis-down', ...run);
    await running.says('stopService proven');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('stopService healed');
    expect(await held()).toEqual(before);
  });

  test('a run that is killed outright is cleared away by the process that stands by', async () => {
    using here = place();
    const running = here.run('flash-sale/quiet', ...run);
    await running.says('services up');
    expect(await held()).not.toEqual(before);
    running.child.kill('SIGKILL');
    await running.finished;
  });

  test('an engine that is gone in the middle of a run ends it by name, exit code 2, and the next start sweeps', async () => {
    using line = await engineLine();
    using here = place({ DOCKER_HOST: line.host });
    const running = here.run('flash-sale/quiet', ...run);
    await running.says('baseline begins');
    line.cut();
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(2);
    const message = /ended in the middle of the run \(the container engine does not answer any more\)/g;
    expect(stderr.match(message), stderr).toHaveLength(1);
    expect(await sweepStacks(docker)).toBe(1);
  });

  test('an engine that is gone while services start does not keep the run waiting', async () => {
    using line = await engineLine();
    using here = place({ DOCKER_HOST: line.host });
    const running = here.run('flash-sale/quiet', ...run);
    await expect.poll(async () => (await docker.listContainers()).length, { timeout: 30_000 }).toBeGreaterThan(0);
    line.cut();
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(
      /ended while starting \(the container engine does not answer any more\)|could not be started/,
    );
    expect(await sweepStacks(docker)).toBe(1);
  });

  test('auto takes them, and says why', async () => {
    using here = place();
    const running = here.run('flash-sale/quiet', '--runtime', 'auto');
    await running.says('Services run as containers: a container engine answers and has, or can get, every image.');
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
  });

  test('auto takes processes where an image is not to be had, and says which', async () => {
    using here = place();
    const image = ['--image', 'redis=registry.invalid/redis:8'];
    const running = here.run('flash-sale/quiet', '--runtime', 'auto', ...image);
    await running.says(
      'Services run as processes: the container engine neither holds nor can get registry.invalid/redis:8.',
    );
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
  });
});

const faults: readonly [name: string, Fault][] = [
  ['stopService', stopService('redis')],
  ['killService', killService('flash-sale')],
  ['pauseService', pauseService('postgres')],
  ['redeploy', redeploy('flash-sale', { env: { DB_POOL_MAX: '1' } })],
  ['flushRedis', flushRedis()],
  ['leakMemory', leakMemory('flash-sale', { bytes: '100MiB' })],
  ['blockEventLoop', blockEventLoop('flash-sale', { forEach: '100ms', every: '250ms' })],
  ['renameTable', renameTable('reservations')],
  ['slowLink', slowLink('postgres', { latency: '300ms' })],
  ['stallLink', stallLink('redis')],
  ['cutLink', cutLink('postgres')],
];

describe.runIf(engine)('a fault in containers', () => {
  let stack: Stack;
  let logFolder: string;
  let app: Endpoint;
  const asking = new AbortController();
  beforeAll(async () => {
    logFolder = await mkdtemp(join(tmpdir(), 'container-faults-'));
    stack = await bootAlone(openContainers(IMAGES), {
      services: flashSale().services.filter(({ name }) => ['postgres', 'redis', 'flash-sale'].includes(name)),
      interceptions: [...new Set(faults.flatMap(([, { interception }]) => interception ?? []))],
      outside: [],
      clock: createClock(60),
      logFolder,
      say: () => {},
      onReady: () => {},
      onCrash: () => {},
    });
    app = stack.service('flash-sale').endpoint;
    void keepAsking();
  });
  afterAll(async () => {
    asking.abort();
    await stack?.[Symbol.asyncDispose]();
    await rm(logFolder, { recursive: true, force: true });
  });

  /** Something must pass for a link to be slow. */
  async function keepAsking(): Promise<void> {
    while (!asking.signal.aborted) {
      void fetch(`http://${app.host}:${app.port}/checkout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: 'ada', item_id: 1 }),
        signal: AbortSignal.timeout(2_000),
      }).then(
        (response) => response.body?.cancel(),
        () => undefined,
      );
      await sleep(100);
    }
  }

  test('is not proven when something has started the service again', async () => {
    const injection = await killService('redis').inject(stack, new AbortController().signal);
    await stack.service('redis').start();
    expect(await injection.proof()).toMatchObject({ held: false, source: 'the container engine and TCP' });
    await injection.heal();
  });

  test.each(faults)('%s takes hold, proves it, and heals', async (_, fault) => {
    const injection = await fault.inject(stack, new AbortController().signal);
    await expect.poll(() => injection.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
    await injection.heal();
    await expect.poll(() => answersOk(app, '/health').then(() => 'ok', String), { timeout: 20_000 }).toBe('ok');
  });
});
