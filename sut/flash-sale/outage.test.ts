import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually, type PostgresPart, type RedisPart, startPostgres, startRedis } from '../testing.ts';
import { emptyShop, ledgerOf, type Shop, SOUND, startShop } from './testing.ts';

let postgres: PostgresPart;
let redis: RedisPart;
const shops: Shop[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterEach(async () => {
  postgres.signal('SIGCONT');
  redis.signal('SIGCONT');
  await Promise.all(shops.splice(0).map((shop) => shop[Symbol.asyncDispose]()));
  await Promise.all([emptyShop(postgres), redis.call('flushall')]);
});
afterAll(async () => {
  await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()]);
});

async function open(settings: Readonly<Record<string, string | number>> = {}, port?: number): Promise<Shop> {
  const shop = await startShop({ postgres, redis }, settings, port);
  shops.push(shop);
  return shop;
}

interface Traffic {
  /** Ends the buyers and answers what they saw: answers by status or code, and the codes whose purchase was acknowledged. */
  stop(): Promise<{ seen: Record<string, number>; bought: string[] }>;
}

/** Buyers who reserve and buy, one after the other, until they are stopped. */
function traffic(shop: Shop, buyers = 12): Traffic {
  const seen: Record<string, number> = {};
  const bought: string[] = [];
  let going = true;
  const note = (answer: { status: number; body: Record<string, unknown> }) => {
    const key = String(answer.body.error_code ?? answer.status);
    seen[key] = (seen[key] ?? 0) + 1;
  };
  const buyer = async (number: number) => {
    for (let turn = 0; going; turn++) {
      try {
        const reserved = await shop.checkout(`buyer-${number}-${turn % 5}`, 1 + (turn % 10));
        note(reserved);
        if (reserved.status !== 201) continue;
        const receipt = await shop.purchase(reserved.body.code);
        note(receipt);
        if (receipt.status === 200) bought.push(String(receipt.body.code));
      } catch {
        // No answer: the shop is down. What became of the request is for the books to say.
        seen.none = (seen.none ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const all = Promise.all(Array.from({ length: buyers }, (_, number) => buyer(number)));
  return {
    async stop() {
      going = false;
      await all;
      return { seen, bought };
    },
  };
}

const growth = async (shop: Shop, metric: string, by: number) => {
  const before = (await shop.metrics()).get(metric) ?? 0;
  await eventually(async () => ((await shop.metrics()).get(metric) ?? 0) >= before + by);
};

const GENEROUS = { USER_LIMIT: 1_000_000, SALE_ITEMS: 1_000_000 };

test('Redis killed and restarted empty: selling goes on, health is degraded, nothing is oversold', async () => {
  const own = await startRedis();
  const shop = await startShop({ postgres, redis: own }, { SALE_ITEMS: 400, SALE_PRODUCTS: 10, USER_LIMIT: 10 });
  shops.push(shop);
  const buying = traffic(shop);
  await growth(shop, 'purchase_success_total', 20);
  own.signal('SIGKILL');
  await own.exited();
  await growth(shop, 'purchase_success_total', 20);
  await eventually(async () => (await shop.get('/health')).body.status === 'degraded');
  expect((await shop.get('/health')).status).toBe(200);
  expect((await shop.metrics()).get('redis_pool_connections{state="ready"}')).toBe(0);
  expect((await shop.metrics()).get('redis_errors_total{command="set"}')).toBeGreaterThan(0);

  const back = await startRedis(own.port);
  try {
    await eventually(async () => (await shop.metrics()).get('redis_pool_connections{state="ready"}') === 1);
    await eventually(async () => (await shop.get('/health')).body.status === 'ok');
    const { seen, bought } = await buying.stop();
    expect(Object.keys(seen).filter((key) => Number(key) >= 500 || key === 'INTERNAL')).toEqual([]);
    const { counts, receipts } = await ledgerOf(postgres);
    expect(counts).toMatchObject({ ...SOUND, purchases: bought.length });
    expect(new Set(receipts)).toEqual(new Set(bought));
  } finally {
    await back[Symbol.asyncDispose]();
  }
});

test('Redis flushed again and again: limits and stock hold', async () => {
  const shop = await open({ SALE_ITEMS: 200, SALE_PRODUCTS: 10, USER_LIMIT: 3 });
  const buying = traffic(shop);
  for (let i = 0; i < 20; i++) {
    await redis.call('flushall');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const { seen } = await buying.stop();
  expect(seen.INTERNAL).toBeUndefined();
  expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, reserved_active: 0 });
});

test('Redis paused: it is noticed, selling goes on without it, and it is used again once it answers', async () => {
  const shop = await open({ ...GENEROUS, REDIS_COMMAND_TIMEOUT_MS: 100 });
  const buying = traffic(shop);
  await growth(shop, 'purchase_success_total', 20);
  redis.signal('SIGSTOP');
  await eventually(async () => (await shop.metrics()).get('redis_pool_connections{state="stalled"}') === 1);
  await growth(shop, 'purchase_success_total', 50);
  redis.signal('SIGCONT');
  await eventually(async () => (await shop.metrics()).get('redis_pool_connections{state="ready"}') === 1);
  const { seen, bought } = await buying.stop();
  expect(Object.keys(seen).filter((key) => !['200', '201', 'LOCK_BUSY'].includes(key))).toEqual([]);
  expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, purchases: bought.length });
});

test('a paused Redis is noticed although nobody buys', async () => {
  const shop = await open({ REDIS_COMMAND_TIMEOUT_MS: 100 });
  redis.signal('SIGSTOP');
  await eventually(async () => (await shop.metrics()).get('redis_pool_connections{state="stalled"}') === 1);
});

test('the app killed in the middle of purchases: nothing acknowledged is lost, and the next one carries on', async () => {
  let shop = await open(GENEROUS);
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const buying = traffic(shop);
    await growth(shop, 'purchase_success_total', 30);
    shop.signal('SIGKILL');
    await shop.exited();
    acknowledged.push(...(await buying.stop()).bought);
    const { counts, receipts } = await ledgerOf(postgres);
    expect(counts).toMatchObject({ ...SOUND, sales: 1 });
    expect(acknowledged.filter((code) => !receipts.includes(code))).toEqual([]);
    shop = await open(GENEROUS, shop.port);
  }
  expect((await shop.checkout('ann')).status).toBe(201);
});

test('a purchase whose answer was lost can be asked for again', async () => {
  const shop = await open(GENEROUS);
  const { code } = (await shop.checkout('ann')).body;
  const asked = shop.purchase(code).catch(() => undefined);
  await eventually(async () => (await ledgerOf(postgres)).counts.purchases === 1);
  shop.signal('SIGKILL');
  await Promise.all([asked, shop.exited()]);
  const next = await open(GENEROUS);
  expect((await next.purchase(code)).status).toBe(200);
  expect((await ledgerOf(postgres)).counts).toMatchObject({ ...SOUND, purchases: 1 });
});

test('Postgres paused: requests fail with 503 in time, health says so, and it heals', async () => {
  const shop = await open({
    ...GENEROUS,
    DB_ACQUIRE_TIMEOUT_MS: 300,
    DB_STATEMENT_TIMEOUT_MS: 300,
    HEALTH_TIMEOUT_MS: 200,
    HEALTH_INTERVAL_MS: 50,
  });
  await shop.checkout('ann');
  // The server and all its sessions, which are processes of their own.
  const pids = (await postgres.query('SELECT pid FROM pg_stat_activity WHERE backend_type IS NOT NULL')).map(
    ({ pid }) => Number(pid),
  );
  const all = [postgres.pid, ...pids];
  for (const pid of all) signalIfThere(pid, 'SIGSTOP');
  try {
    await eventually(async () => (await shop.get('/health')).status === 503);
    const answer = await shop.checkout('ben');
    expect([answer.status, answer.body.error_code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    // Metrics never wait for the database.
    expect((await shop.metrics()).get('db_errors_total{query_type="insert"}')).toBeGreaterThan(0);
  } finally {
    for (const pid of all) signalIfThere(pid, 'SIGCONT');
  }
  await eventually(async () => (await shop.checkout('ben')).status === 201);
  await eventually(async () => (await shop.get('/health')).body.status === 'ok');
  expect((await ledgerOf(postgres)).counts).toMatchObject(SOUND);
});

test('a locked table exhausts the pool: active reaches max, health stays up, and it heals', async () => {
  const shop = await open({ DB_POOL_MAX: 4, DB_ACQUIRE_TIMEOUT_MS: 300, DB_STATEMENT_TIMEOUT_MS: 1_500 });
  const locking = postgres
    .query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.2); COMMIT')
    .catch(() => {});
  await eventually(
    async () =>
      (await postgres.query("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")).length > 0,
  );
  const waiting = Array.from({ length: 20 }, (_, i) => shop.checkout(`user-${i}`));
  await eventually(async () => (await shop.metrics()).get('db_connections_active') === 4);
  expect((await shop.metrics()).get('db_connections_max')).toBe(4);
  expect((await shop.get('/health')).status).toBe(200);
  const answers = await Promise.all(waiting);
  expect(answers.filter(({ body }) => body.error_code === 'DATABASE_UNAVAILABLE').length).toBeGreaterThan(0);
  await locking;
  await eventually(async () => (await shop.checkout('ann')).status === 201);
  await eventually(async () => ((await shop.metrics()).get('db_connections_active') ?? 0) < 4);
  expect((await ledgerOf(postgres)).counts).toMatchObject(SOUND);
});

test('connections cut by the server are replaced', async () => {
  const shop = await open(GENEROUS);
  const buying = traffic(shop, 6);
  await growth(shop, 'purchase_success_total', 20);
  await postgres.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'flash-sale%'",
  );
  await growth(shop, 'purchase_success_total', 50);
  const { seen, bought } = await buying.stop();
  expect(seen.INTERNAL).toBeUndefined();
  expect(seen.none).toBeUndefined();
  const { counts, receipts } = await ledgerOf(postgres);
  expect(counts).toMatchObject(SOUND);
  expect(bought.filter((code) => !receipts.includes(code))).toEqual([]);
});

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since it was listed.
  }
}
