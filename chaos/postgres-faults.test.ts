import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stack } from '../harness/stack/service.ts';
import { exhaustPool, renameTable, slowQueries } from './index.ts';
import { inject, postgres, query, testStack } from './testing.ts';

let stack: Stack;
const ask = (text: string) => query(stack.service('postgres').endpoint, text);

beforeAll(async () => {
  stack = await testStack([postgres]);
});
afterAll(() => stack[Symbol.asyncDispose]());
beforeEach(() => ask('drop table if exists orders; create table orders (id int)'));

describe('exhaustPool', () => {
  test('makes writers wait, proves it, and lets them through when healed', async () => {
    const injection = await inject(exhaustPool({ table: 'orders', sessions: 3 }), stack);
    expect(await injection.proof()).toMatchObject({ held: false, seen: '0 sessions wait on Lock, 0 of them for ours' });
    const writers = [1, 2, 3].map((id) => ask(`insert into orders values (${id})`));
    await expect
      .poll(() => injection.proof(), { timeout: 20_000 })
      .toMatchObject({ held: true, source: 'pg_stat_activity' });
    await injection.heal();
    await Promise.all(writers);
    expect(await ask('select count(*)::int as n from orders')).toEqual([{ n: 3 }]);
  });

  test('heals where its own session was lost', async () => {
    const injection = await inject(exhaustPool({ table: 'orders' }), stack);
    await ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'firedrill%'");
    await injection.heal();
    await ask('insert into orders values (1)');
  });

  test('says which table it could not lock', async () => {
    await expect(inject(exhaustPool({ table: 'nowhere' }), stack)).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: 'no lock on nowhere: relation "nowhere" does not exist',
    });
  });

  test('does nothing when the run was interrupted before', async () => {
    await expect(exhaustPool({ table: 'orders' }).inject(stack, AbortSignal.abort())).rejects.toThrow('interrupted');
    await ask('insert into orders values (1)');
  });
});

describe('slowQueries', () => {
  const fault = () => slowQueries({ table: 'orders', forEach: '300ms', every: '500ms' });
  /** How long the slowest query took, of those that follow each other for longer than two locks are apart. */
  const slowest = async (text: string): Promise<number> => {
    let most = 0;
    for (const end = performance.now() + 1_100; performance.now() < end; ) {
      const began = performance.now();
      await ask(text);
      most = Math.max(most, performance.now() - began);
    }
    return most;
  };

  test('makes queries wait again and again, lets each through, proves it, and ends when healed', async () => {
    const injection = await inject(fault(), stack);
    await sleep(1_200);
    expect(await injection.proof()).toMatchObject({ held: false, seen: '0 queries seen waiting for our lock' });
    expect(await slowest('select * from orders')).toBeGreaterThan(150);
    expect(await injection.proof()).toMatchObject({
      held: true,
      seen: expect.stringMatching(/^\d+ queries seen waiting for our lock, the longest for \d+ ms$/),
      source: 'pg_stat_activity',
    });
    await injection.heal();
    expect(await ask("select 1 from pg_stat_activity where application_name like 'firedrill slowQueries%'")).toEqual(
      [],
    );
    expect(await slowest('select * from orders')).toBeLessThan(150);
  });

  test('is not proven by queries on another table', async () => {
    const injection = await inject(fault(), stack);
    await ask('drop table if exists others; create table others (id int)');
    await slowest('select * from others');
    expect(await injection.proof()).toMatchObject({ held: false });
    await injection.heal();
  });

  test('goes on where its session was lost, and heals where Postgres is down', async () => {
    const injection = await inject(fault(), stack);
    await ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'firedrill%'");
    await expect.poll(() => slowest('select * from orders'), { timeout: 20_000 }).toBeGreaterThan(150);
    const service = stack.service('postgres');
    await service.kill();
    await injection.heal();
    await service.start();
  });

  test('says which table it cannot lock', async () => {
    await expect(inject(slowQueries({ table: 'nowhere', forEach: '1s', every: '2s' }), stack)).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: expect.stringContaining('"nowhere" does not exist'),
    });
  });
});

describe('renameTable', () => {
  test('takes the table away, proves it, and brings it back with its rows', async () => {
    await ask('insert into orders values (7)');
    const injection = await inject(renameTable('orders'), stack);
    expect(await injection.proof()).toEqual({
      held: true,
      seen: 'the table orders is not there',
      source: 'to_regclass',
    });
    await expect(ask('select * from orders')).rejects.toThrow('does not exist');
    await injection.heal();
    expect(await ask('select * from orders')).toEqual([{ id: 7 }]);
    expect(await injection.proof()).toMatchObject({ held: false });
  });

  test('knows tables by schema', async () => {
    await ask('drop schema if exists shop cascade; create schema shop; create table shop.carts (id int)');
    const injection = await inject(renameTable('shop.carts'), stack);
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    expect(await ask('select * from shop.carts')).toEqual([]);
  });

  test('gives up on a table that somebody keeps locked, without having changed it', async () => {
    const lock = await inject(exhaustPool({ table: 'orders' }), stack);
    await expect(inject(renameTable('orders'), stack)).rejects.toThrow('orders was not renamed: canceling statement');
    await lock.heal();
    expect(await ask('select * from orders')).toEqual([]);
  });
});
