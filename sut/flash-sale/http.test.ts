import { request as rawRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type PostgresPart, type RedisPart, startPostgres, startRedis } from '../testing.ts';
import { type Answer, type Shop, startShop } from './testing.ts';

let postgres: PostgresPart;
let redis: RedisPart;
let shop: Shop;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  shop = await startShop({ postgres, redis });
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
  await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()]);
});

const json = { 'content-type': 'application/json' };

describe('errors have one shape', () => {
  test.each<[what: string, ask: () => Promise<Answer>, status: number, code: string, details?: Record<string, string>]>(
    [
      ['no body', () => shop.get('/checkout', { method: 'POST' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['an empty body', () => shop.post('/checkout', ''), 400, 'VALIDATION'],
      ['broken JSON', () => shop.post('/checkout', '{"user_id": '), 400, 'VALIDATION'],
      ['JSON that is a string', () => shop.post('/checkout', '"hello"'), 400, 'VALIDATION'],
      ['JSON that is null', () => shop.post('/purchase', 'null'), 400, 'VALIDATION'],
      ['a list', () => shop.post('/purchase', []), 400, 'VALIDATION'],
      [
        'fields missing',
        () => shop.post('/checkout', {}),
        400,
        'VALIDATION',
        { user_id: 'is missing', item_id: 'is missing' },
      ],
      [
        'a user that is a number',
        () => shop.post('/checkout', { user_id: 7, item_id: 1 }),
        400,
        'VALIDATION',
        { user_id: 'must be a string' },
      ],
      ['a user that is markup', () => shop.post('/checkout', { user_id: '<b>', item_id: 1 }), 400, 'VALIDATION'],
      [
        'a user that is endless',
        () => shop.post('/checkout', { user_id: 'x'.repeat(65), item_id: 1 }),
        400,
        'VALIDATION',
      ],
      ['a user that is null', () => shop.post('/checkout', { user_id: null, item_id: 1 }), 400, 'VALIDATION'],
      [
        'an item that is text',
        () => shop.post('/checkout', { user_id: 'a', item_id: '1' }),
        400,
        'VALIDATION',
        { item_id: 'must be a number' },
      ],
      ['item 0', () => shop.post('/checkout', { user_id: 'a', item_id: 0 }), 400, 'VALIDATION'],
      ['item 1.5', () => shop.post('/checkout', { user_id: 'a', item_id: 1.5 }), 400, 'VALIDATION'],
      ['item 1e300', () => shop.post('/checkout', { user_id: 'a', item_id: 1e300 }), 400, 'VALIDATION'],
      ['an item nobody sells', () => shop.post('/checkout', { user_id: 'a', item_id: 999 }), 404, 'ITEM_UNKNOWN'],
      [
        'a prototype for a body',
        () => shop.post('/checkout', '{"__proto__": {"user_id": "a"}, "item_id": 1}'),
        400,
        'VALIDATION',
      ],
      ['a code that is none', () => shop.post('/purchase', { code: 'hello' }), 400, 'VALIDATION'],
      [
        'a code that is a number',
        () => shop.post('/purchase', { code: 5 }),
        400,
        'VALIDATION',
        { code: 'must be a string' },
      ],
      ['a code with a NUL', () => shop.post('/purchase', { code: '\0'.repeat(16) }), 400, 'VALIDATION'],
      ['an unknown code', () => shop.post('/purchase', { code: '0000-0000-0000-0000' }), 404, 'CODE_UNKNOWN'],
      [
        'a huge body',
        () => shop.post('/checkout', { user_id: 'x'.repeat(100_000), item_id: 1 }),
        413,
        'PAYLOAD_TOO_LARGE',
      ],
      [
        'a form',
        () => shop.post('/checkout', 'user_id=a', { 'content-type': 'application/x-www-form-urlencoded' }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        'an unknown charset',
        () => shop.post('/checkout', '{}', { 'content-type': 'application/json; charset=nope' }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        'an unknown encoding',
        () => shop.post('/checkout', '{}', { 'content-encoding': 'nope' }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        'a body that is not gzip',
        () => shop.post('/checkout', '{}', { 'content-encoding': 'gzip' }),
        400,
        'VALIDATION',
      ],
      ['an unknown path', () => shop.get('/nowhere'), 404, 'NOT_FOUND'],
      ['a path that does not decode', () => shop.get('/%E0%A4%A'), 404, 'NOT_FOUND'],
      ['the wrong method', () => shop.get('/checkout'), 405, 'METHOD_NOT_ALLOWED'],
      ['deleting the sale', () => shop.get('/sale', { method: 'DELETE' }), 405, 'METHOD_NOT_ALLOWED'],
    ],
  )('%s', async (_what, ask, status, code, details) => {
    const { status: got, body, headers } = await ask();
    expect([got, body.error_code]).toEqual([status, code]);
    expect(body).toEqual({
      error_code: code,
      message: expect.stringMatching(/.{10}/),
      correlation_id: headers.get('x-correlation-id'),
      ...(body.details === undefined ? {} : { details: expect.any(Object) }),
    });
    if (details !== undefined) expect(body.details).toEqual(details);
    if (status === 405) expect(headers.get('allow')).toMatch(/GET|POST/);
  });
});

describe('the correlation id', () => {
  const idOf = async (sent?: string) => {
    const { headers } = await shop.get('/sale', sent === undefined ? {} : { headers: { 'x-correlation-id': sent } });
    return headers.get('x-correlation-id');
  };

  test('sent by the caller comes back and stands in the log lines of the request', async () => {
    const headers = { ...json, 'x-correlation-id': 'order.4711:a-b_c' };
    const { body } = await shop.post('/purchase', { code: '0000-0000-0000-0000' }, headers);
    expect(body.correlation_id).toBe('order.4711:a-b_c');
    const line = await eventually(
      () => logs().find(({ correlation_id }) => correlation_id === 'order.4711:a-b_c') ?? false,
    );
    expect(line).toMatchObject({ handler: 'purchase', method: 'POST', status_code: 404, error_code: 'CODE_UNKNOWN' });
  });

  test.each(['x'.repeat(65), 'a b', '<script>', 'a"b', 'é'])('%j is not taken over', async (sent) => {
    expect(await idOf(sent)).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is new for each request without one', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => idOf()));
    expect(new Set(ids).size).toBe(10);
  });
});

describe('requests are counted to the unit', () => {
  const count = async (handler: string, method: string, status: number) =>
    (await shop.metrics()).get(
      `http_requests_total{handler="${handler}",method="${method}",status_code="${status}"}`,
    ) ?? 0;

  test('each answer once, under its handler, method and status', async () => {
    const before = [await count('checkout', 'POST', 201), await count('checkout', 'POST', 400)];
    await Promise.all(Array.from({ length: 100 }, (_, i) => shop.checkout(i % 4 === 0 ? '' : `counted-${i}`)));
    expect([await count('checkout', 'POST', 201), await count('checkout', 'POST', 400)]).toEqual([
      (before[0] ?? 0) + 75,
      (before[1] ?? 0) + 25,
    ]);
    const metrics = await shop.metrics();
    const labels = '{handler="checkout",method="POST",status_code="201"}';
    expect(metrics.get(`http_request_duration_seconds_count${labels}`)).toBe(
      metrics.get(`http_requests_total${labels}`),
    );
  });

  test('a client that goes away is a 499', async () => {
    const before = await count('checkout', 'POST', 499);
    const locking = postgres.query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.7); COMMIT');
    await eventually(
      async () =>
        (await postgres.query("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")).length > 0,
    );
    const asked = rawRequest(`${shop.base}/checkout`, { method: 'POST', headers: json });
    asked.on('error', () => {});
    asked.end(JSON.stringify({ user_id: 'impatient', item_id: 1 }));
    await eventually(
      async () =>
        (
          await postgres.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FROM checkout(%' AND wait_event_type = 'Lock'",
          )
        ).length > 0,
    );
    asked.destroy();
    await eventually(async () => (await count('checkout', 'POST', 499)) === before + 1);
    await locking;
  });

  test('a storm of odd paths and methods adds a handful of series, not one each', async () => {
    const series = async () => (await shop.metrics()).size;
    await Promise.all([shop.get('/warm-up'), odd('PROPFIND', '/'), odd('DELETE', '/x')]);
    const before = await series();
    await Promise.all(Array.from({ length: 300 }, (_, i) => shop.get(`/odd/${i}?q=${i}`)));
    await Promise.all(Array.from({ length: 50 }, (_, i) => shop.get(`/sale/${i}`)));
    await Promise.all(['PROPFIND', 'MKCOL', 'LOCK', 'REPORT', 'PURGE', 'M-SEARCH'].map((method) => odd(method, '/')));
    expect(await series()).toBe(before);
    expect(await count('unmatched', 'GET', 404)).toBeGreaterThanOrEqual(350);
    expect(await count('storefront', 'OTHER', 405)).toBeGreaterThanOrEqual(7);
  });

  const odd = (method: string, path: string) =>
    new Promise<void>((resolve, reject) => {
      rawRequest(shop.base + path, { method }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
});

describe('the storefront', () => {
  test('is one page without outside parts, guarded by a policy that names its own script and style', async () => {
    const response = await fetch(shop.base);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.match(/(?:src|href)="(?!#|data:)[^"]*"/g)).toBeNull();
    expect(response.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'sha256-.*style-src 'sha256-/,
    );
  });
});

describe('health', () => {
  test('tells of the services, memory and the event loop', async () => {
    const { status, body } = await shop.get('/health');
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      services_status: { app: 'up', database: 'up', redis: 'up' },
      uptime: expect.any(Number),
      memory: {
        alloc: expect.any(Number),
        total_alloc: expect.any(Number),
        sys: expect.any(Number),
        num_gc: expect.any(Number),
      },
      event_loop: { lag_p99_ms: expect.any(Number) },
    });
  });
});

describe('asked to end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s, it finishes what it began, takes nothing new and exits 0',
    async (signal) => {
      const ending = await startShop({ postgres, redis });
      const locking = postgres.query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.5); COMMIT');
      await eventually(
        async () =>
          (await postgres.query("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")).length > 0,
      );
      const asked = Array.from({ length: 5 }, (_, i) => ending.checkout(`leaving-${signal}-${i}`));
      await eventually(
        async () =>
          (
            await postgres.query(
              "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FROM checkout(%' AND wait_event_type = 'Lock'",
            )
          ).length >= 5,
      );
      ending.signal(signal);
      await eventually(() => refuses(ending.port));
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
      expect(await ending.exited()).toBe(0);
      expect(ending.output()).toContain('"message":"stopped"');
      await locking;
    },
  );
});

describe('configuration', () => {
  test('that is wrong is reported in full, by variable, and without its passwords', async () => {
    const { startNode } = await import('../testing.ts');
    const part = await startNode(new URL('./main.ts', import.meta.url).pathname, {
      DATABASE_URL: 'mysql://me:secret@host/db',
      REDIS_URL: '',
      DB_POOL_MAX: 'ten',
    });
    expect(await part.exited()).toBe(1);
    expect(part.output().trim().split('\n')).toEqual([
      'DATABASE_URL is not an address that starts with postgres:// or postgresql://.',
      'DB_POOL_MAX="ten": is not a whole number.',
      'REDIS_URL is not set.',
    ]);
  });
});

function logs(): Record<string, unknown>[] {
  return shop
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const refuses = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
