import { describe, expect, test } from 'vitest';
import type { Ask } from '../journey.ts';
import { buyer } from './buyers.ts';
import { rusher } from './rush.ts';
import { stampeder } from './stampede.ts';
import { play } from './testing.ts';

const selling = (ask: Ask, nth: number): [number, unknown] =>
  ask.handler === 'checkout' ? [201, { code: `c${nth}` }] : [200, {}];

describe('a buyer', () => {
  test('reserves, buys, and keeps the acknowledged code', () => {
    const { outcome, handlers, receipts } = play(buyer, selling);
    expect(outcome).toBe('purchased');
    expect(handlers.filter((handler) => handler !== 'sale')).toEqual(['checkout', 'purchase']);
    expect(receipts).toEqual([`c${handlers.indexOf('checkout') + 1}`]);
  });
  test('sometimes looks around first', () => {
    const looked = Array.from({ length: 100 }, (_, number) => play(buyer, selling, number).handlers.includes('sale'));
    expect(looked.filter(Boolean).length).toBeGreaterThan(10);
    expect(looked.filter(Boolean).length).toBeLessThan(60);
  });
  test.each([
    ['the error code of a refused checkout', [409, { error_code: 'SOLD_OUT' }], 'SOLD_OUT'],
    ['the status where there is no error code', [502, 'bad gateway'], 'HTTP 502'],
    ['NO_CODE for a reservation without one', [201, {}], 'NO_CODE'],
  ] as const)('ends with %s', (_, reply, outcome) => {
    expect(play(buyer, (ask) => (ask.handler === 'checkout' ? [...reply] : [200, {}]))).toMatchObject({
      outcome,
      receipts: [],
    });
  });
  test('has no receipt for a purchase that was not acknowledged', () => {
    const reply = (ask: Ask, nth: number): [number, unknown] =>
      ask.handler === 'purchase' ? [503, { error_code: 'UNAVAILABLE' }] : selling(ask, nth);
    expect(play(buyer, reply)).toMatchObject({ outcome: 'UNAVAILABLE', receipts: [] });
  });
});

describe('a stampeder', () => {
  test('clicks eight times at once for the same item', () => {
    const { asked, outcome } = play(stampeder, (_, nth) => (nth === 3 ? [201, { code: 'c' }] : [409, {}]));
    expect(asked).toHaveLength(8);
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
    expect(outcome).toBe('reserved');
  });
  test('is one of a handful of users', () => {
    const users = Array.from({ length: 100 }, (_, number) => {
      const { asked } = play(stampeder, () => [409, { error_code: 'LOCKED' }], number);
      return JSON.parse(String(asked[0]?.body)).user_id;
    });
    expect(new Set(users).size).toBe(5);
  });
});

describe('one of the rush', () => {
  test('buys ten and leaves', () => {
    const { outcome, receipts, asked } = play(rusher, selling);
    expect(outcome).toBe('purchased');
    expect(receipts).toHaveLength(10);
    expect(asked).toHaveLength(20);
  });
  test('tries every item before it calls the sale sold out', () => {
    const { outcome, asked } = play(rusher, () => [409, { error_code: 'SOLD_OUT' }]);
    expect(outcome).toBe('SOLD_OUT');
    const items = asked.map(({ body }) => JSON.parse(String(body)).item_id);
    expect(items.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
  test('takes what is left of the last item', () => {
    let left = 3;
    const reply = (ask: Ask, nth: number): [number, unknown] => {
      if (ask.handler === 'purchase') return [200, {}];
      if (JSON.parse(String(ask.body)).item_id !== 5 || left === 0) return [409, { error_code: 'SOLD_OUT' }];
      left -= 1;
      return [201, { code: `c${nth}` }];
    };
    const { outcome, receipts } = play(rusher, reply);
    expect(outcome).toBe('SOLD_OUT');
    expect(receipts).toHaveLength(3);
  });
  test('is another user each time, and leaves on any other error', () => {
    const reply = (): [number, unknown] => [429, { error_code: 'LIMIT_REACHED' }];
    const [one, two] = [play(rusher, reply, 1), play(rusher, reply, 2)];
    expect(one.outcome).toBe('LIMIT_REACHED');
    expect(one.asked[0]?.body).not.toContain(JSON.parse(String(two.asked[0]?.body)).user_id);
  });
});
