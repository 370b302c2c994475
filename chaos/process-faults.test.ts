import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stack } from '../harness/stack/service.ts';
import { flushRedis, keepFlushingRedis, killService, pauseService, redeploy, stopService } from './index.ts';
import { app, greeting, inject, postgres, query, redis, testStack, withRedis } from './testing.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await testStack([postgres, redis, app]);
});
afterAll(() => stack[Symbol.asyncDispose]());

describe('stopService and killService', () => {
  test.each([
    ['stopService', stopService],
    ['killService', killService],
  ])('%s takes Postgres away, proves it, and brings it back with its data', async (name, fault) => {
    const { endpoint } = stack.service('postgres');
    await query(endpoint, `create table ${name} as select 1 as id`);
    const injection = await inject(fault('postgres'), stack);
    expect(await injection.proof()).toMatchObject({ held: true, source: 'process table and TCP' });
    await expect(query(endpoint, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await injection.heal();
    expect(await query(endpoint, `select * from ${name}`)).toEqual([{ id: 1 }]);
  });

  test('are not proven when something has started the service again', async () => {
    const injection = await inject(killService('app'), stack);
    await stack.service('app').start();
    expect(await injection.proof()).toMatchObject({ held: false });
    await injection.heal();
    expect(await greeting(stack.service('app').endpoint)).toBe('hello');
  });

  test('cannot break what is not running, or not there', async () => {
    const injection = await inject(stopService('redis'), stack);
    await expect(inject(killService('redis'), stack)).rejects.toThrow('redis is not running.');
    await injection.heal();
    await expect(inject(killService('kafka'), stack)).rejects.toMatchObject({ code: 'FAULT_FAILED' });
  });
});

describe('pauseService', () => {
  test('freezes the process with its port open, proves it, and lets it run again', async () => {
    const service = stack.service('app');
    const injection = await inject(pauseService('app'), stack);
    await expect
      .poll(() => injection.proof())
      .toEqual({
        held: true,
        seen: `process ${service.instance?.pid} is in state T`,
        source: 'process table',
      });
    await expect(greeting(service.endpoint, 300)).rejects.toThrow('timeout');
    await injection.heal();
    expect(await greeting(service.endpoint)).toBe('hello');
    expect(await injection.proof()).toMatchObject({ held: false });
  });

  test('heals a process that died in its sleep by starting it again', async () => {
    const service = stack.service('app');
    const injection = await inject(pauseService('app'), stack);
    await service.kill();
    await injection.heal();
    expect(await greeting(service.endpoint)).toBe('hello');
  });
});

describe('redeploy', () => {
  test('replaces the service by one with another environment, proves it, and rolls back', async () => {
    const service = stack.service('app');
    const injection = await inject(redeploy('app', { env: { GREETING: 'oops' } }), stack);
    expect(await greeting(service.endpoint)).toBe('oops');
    expect(await injection.proof()).toMatchObject({ held: true, seen: 'runs with GREETING=oops' });
    await injection.heal();
    expect(await greeting(service.endpoint)).toBe('hello');
    expect(await injection.proof()).toMatchObject({ held: false, seen: 'runs without GREETING=oops' });
  });

  test('puts the old release back where the new one does not come up', async () => {
    await expect(inject(redeploy('app', { env: { NODE_OPTIONS: '--no-such-option' } }), stack)).rejects.toThrow(
      'the new release did not come up',
    );
    expect(await greeting(stack.service('app').endpoint)).toBe('hello');
  });
});

test('flushRedis brings back an empty Redis, its streams and their groups gone, and proves it', async () => {
  const { endpoint } = stack.service('redis');
  await withRedis(endpoint, async (client) => {
    await client.set('cached', '1');
    await client.xadd('jobs', '*', 'id', '1');
    await client.xgroup('CREATE', 'jobs', 'workers', '0');
  });
  const injection = await inject(flushRedis(), stack);
  expect(await injection.proof()).toMatchObject({ held: true, source: 'Redis' });
  expect(await withRedis(endpoint, (client) => client.exists('cached', 'jobs'))).toBe(0);
  const claim = withRedis(endpoint, (client) => client.xautoclaim('jobs', 'workers', 'us', 0, '0'));
  await expect(claim).rejects.toThrow('NOGROUP');
  await injection.heal();
});

test('keepFlushingRedis empties Redis again and again, proves it, and stops when it is healed', async () => {
  const { endpoint } = stack.service('redis');
  const set = () => withRedis(endpoint, (client) => client.set('cached', '1'));
  const there = () => withRedis(endpoint, (client) => client.exists('cached'));
  const injection = await inject(keepFlushingRedis({ every: '20ms' }), stack);
  for (let time = 0; time < 3; time += 1) {
    await set();
    await vi.waitFor(async () => expect(await there()).toBe(0));
  }
  expect(await injection.proof()).toMatchObject({ held: true, source: 'INFO commandstats' });
  await injection.heal();
  await set();
  await sleep(100);
  expect(await there()).toBe(1);
  expect(() => keepFlushingRedis({ every: '0s' })).toThrow('keepFlushingRedis: every');
});
