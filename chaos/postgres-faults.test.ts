import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stack } from '../harness/stack/service.ts';
import { exhaustPool, renameTable } from './index.ts';
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
