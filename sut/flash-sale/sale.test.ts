import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type PostgresPart, type RedisPart, startPostgres, startRedis } from '../testing.ts';
import { type Answer, emptyShop, ledgerOf, type Shop, SOUND, startShop } from './testing.ts';

let postgres: PostgresPart;
let redis: RedisPart;
const shops: Shop[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterEach(async () => {
  await Promise.all(shops.splice(0).map((shop) => shop[Symbol.asyncDispose]()));
  await Promise.all([emptyShop(postgres), redis.call('flushall')]);
});
afterAll(async () => {
  await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()]);
});

async function open(settings: Readonly<Record<string, string | number>> = {}): Promise<Shop> {
  const shop = await startShop({ postgres, redis }, settings);
  shops.push(shop);
  return shop;
}

/** How often each status or error code was answered. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = String(body.error_code ?? status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

describe('what is sold', () => {
  test('300 buyers at once of 50 items: 50 get one, nobody else does', async () => {
    const shop = await open({ SALE_ITEMS: 50, SALE_PRODUCTS: 1 });
    const answers = await times(300, (i) => shop.checkout(`user-${i}`));
    expect(tally(answers)).toEqual({ 201: 50, SOLD_OUT: 250 });
    const codes = answers.filter(({ status }) => status === 201).map(({ body }) => body.code);
    const bought = await Promise.all(codes.map((code) => shop.purchase(code)));
    expect(tally(bought)).toEqual({ 200: 50 });
    const { counts, receipts } = await ledgerOf(postgres);
    expect(counts).toMatchObject({ ...SOUND, stock: 50, sold: 50, purchases: 50, reserved_active: 0 });
    expect([...receipts].sort()).toEqual([...codes].sort());
  });

  test('two instances share one sale and oversell nothing between them', async () => {
    const both = await Promise.all([
      open({ SALE_ITEMS: 40, SALE_PRODUCTS: 1 }),
      open({ SALE_ITEMS: 40, SALE_PRODUCTS: 1 }),
    ]);
    const answers = await times(160, (i) => (both[i % 2] as Shop).checkout(`user-${i}`));
    expect(tally(answers)).toEqual({ 201: 40, SOLD_OUT: 120 });
    expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, sales: 1, stock: 40, reserved_active: 40 });
  });

  test('stock is spread over the products to the last unit', async () => {
    const shop = await open({ SALE_ITEMS: 23, SALE_PRODUCTS: 5 });
    const { sale } = (await shop.get('/sale')).body as { sale: { items_total: number; items: { stock: number }[] } };
    expect(sale.items_total).toBe(23);
    expect(sale.items.map(({ stock }) => stock)).toEqual([5, 5, 5, 4, 4]);
  });
});

describe('the limit per user', () => {
  test('holds when one user asks for everything at once', async () => {
    const shop = await open({ USER_LIMIT: 3 });
    const answers = await times(60, (i) => shop.checkout('greedy', 1 + (i % 10)));
    const counts = tally(answers);
    expect(counts[201]).toBeLessThanOrEqual(3);
    expect(Object.keys(counts).every((key) => ['201', 'LIMIT_REACHED', 'LOCK_BUSY'].includes(key))).toBe(true);
    expect((await ledgerOf(postgres)).counts).toMatchObject(SOUND);
  });

  test('counts purchases as well as reservations, and a refusal takes nothing', async () => {
    const shop = await open({ USER_LIMIT: 2, SALE_ITEMS: 2, SALE_PRODUCTS: 2 });
    const first = await shop.checkout('ann', 1);
    await shop.purchase(first.body.code);
    expect((await shop.checkout('ann', 1)).body.error_code).toBe('SOLD_OUT');
    expect((await shop.checkout('ann', 2)).status).toBe(201);
    expect((await shop.checkout('ann', 2)).body.error_code).toBe('LIMIT_REACHED');
    expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, sold: 1, reserved_active: 1 });
  });

  test('a lock that somebody else holds is tried a few times, then the answer is LOCK_BUSY', async () => {
    const shop = await open();
    await redis.call('set', 'flash-sale:lock:checkout:ann', 'another token');
    const answer = await shop.checkout('ann');
    expect([answer.status, answer.body.error_code, answer.headers.get('retry-after')]).toEqual([429, 'LOCK_BUSY', '1']);
    const metrics = await shop.metrics();
    expect(metrics.get('redis_lock_contended_total{lock_type="checkout"}')).toBe(4);
    expect(metrics.get('redis_lock_attempts_total{lock_type="checkout"}')).toBe(4);
    expect(await redis.call('get', 'flash-sale:lock:checkout:ann')).toBe('another token');
  });

  test('locks are given back and expire by themselves', async () => {
    const shop = await open();
    await shop.checkout('ann');
    expect(await redis.call('exists', 'flash-sale:lock:checkout:ann')).toBe(0);
    await redis.call('set', 'flash-sale:lock:checkout:ann', 'a dead owner', 'PX', '30');
    await eventually(async () => (await shop.checkout('ann')).status === 201);
  });
});

describe('a reservation', () => {
  test('bought twice at once is sold once, and both hear the same', async () => {
    const shop = await open();
    const { code } = (await shop.checkout('ann')).body;
    const answers = await times(20, () => shop.purchase(code));
    expect(tally(answers)).toEqual({ 200: 20 });
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    await redis.call('flushall');
    expect((await shop.purchase(code)).body).toEqual(answers[0]?.body);
    expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, sold: 1, purchases: 1 });
    const metrics = await shop.metrics();
    expect(metrics.get('purchase_success_total')).toBe(1);
    expect(metrics.get('purchase_attempts_total')).toBe(21);
  });

  test('may be typed in lower case and without hyphens', async () => {
    const shop = await open();
    const { code } = (await shop.checkout('ann')).body;
    const answer = await shop.purchase(` ${String(code).toLowerCase().replaceAll('-', '')} `);
    expect([answer.status, answer.body.code]).toEqual([200, code]);
  });

  test('expires: it cannot be bought, its unit goes back on sale and its user may try again', async () => {
    const shop = await open({ SALE_ITEMS: 1, SALE_PRODUCTS: 1, USER_LIMIT: 1, RESERVATION_TTL_MS: 300 });
    const { code } = (await shop.checkout('ann')).body;
    expect((await shop.checkout('ben')).body.error_code).toBe('SOLD_OUT');
    const late = await eventually(async () => {
      const answer = await shop.checkout('ben');
      return answer.status === 201 && answer;
    });
    expect(tally([await shop.purchase(code)])).toEqual({ CODE_EXPIRED: 1 });
    expect((await shop.purchase(late.body.code)).status).toBe(200);
    expect((await ledgerOf(postgres)).counts).toMatchObject({
      ...SOUND,
      sold: 1,
      reservations: 2,
      reservations_expired: 1,
    });
  });

  test('nobody made is unknown', async () => {
    const shop = await open();
    const answer = await shop.purchase('0000-0000-0000-0000');
    expect([answer.status, answer.body.error_code]).toEqual([404, 'CODE_UNKNOWN']);
  });
});

describe('sales', () => {
  test('rotate: each ends, pauses and is followed by a new one with new stock and new limits', async () => {
    const shop = await open({ SALE_DURATION_MS: 1_500, SALE_PAUSE_MS: 800, USER_LIMIT: 1, SALE_ITEMS: 10 });
    const first = (await shop.checkout('ann')).body;
    await eventually(async () => (await shop.checkout('ben')).body.error_code === 'SALE_CLOSED');
    await eventually(async () => (await shop.metrics()).get('sale_items_total') === 0);
    expect((await shop.get('/sale')).body).toMatchObject({ sale: null, next_sale: { sale_id: 2 } });
    // What was reserved in time may still be bought.
    expect((await shop.purchase(first.code)).status).toBe(200);
    await eventually(async () => (await shop.checkout('ann')).status === 201);
    expect((await shop.get('/sale')).body).toMatchObject({ sale: { items_total: 10 } });
    expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, purchases: 1 });
  });

  test('follow one another without a gap where no pause is set', async () => {
    await open({ SALE_DURATION_MS: 400 });
    const gaps = await eventually(async () => {
      const rows = await postgres.query('SELECT starts_at - lag(ends_at) OVER (ORDER BY id) AS gap FROM sales');
      return rows.length > 5 && rows.slice(1).map(({ gap }) => JSON.stringify(gap));
    });
    expect(new Set(gaps)).toEqual(new Set(['{}']));
  });

  test('survive a restart: the running sale goes on', async () => {
    const before = await open({ SALE_ITEMS: 30 });
    await before.checkout('ann');
    const sale = (await before.get('/sale')).body.sale;
    await before[Symbol.asyncDispose]();
    const after = await open({ SALE_ITEMS: 99 });
    expect((await after.get('/sale')).body.sale).toMatchObject({
      sale_id: (sale as { sale_id: number }).sale_id,
      ends_at: (sale as { ends_at: string }).ends_at,
      items_total: 30,
    });
  });

  test('are gauged: stock and units sold of the running sale', async () => {
    const shop = await open({ SALE_ITEMS: 100 });
    const codes = (await times(7, (i) => shop.checkout(`user-${i}`))).map(({ body }) => body.code);
    await Promise.all(codes.map((code) => shop.purchase(code)));
    await eventually(async () => (await shop.metrics()).get('sale_items_sold') === 7);
    expect((await shop.metrics()).get('sale_items_total')).toBe(100);
  });
});
