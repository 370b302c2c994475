/**
 * The first scrape of a service nobody has used yet, against the catalogue that monitoring is built on. The catalogue is
 * read as data: the app itself imports nothing of monitoring/.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresPart, type RedisPart, startPostgres, startRedis } from '../testing.ts';
import { parseExposition, type Shop, startShop } from './testing.ts';

interface CatalogMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const catalog = JSON.parse(readFileSync(new URL('../../monitoring/catalog.json', import.meta.url), 'utf8')) as {
  systems: { 'flash-sale': { metrics: CatalogMetric[] } };
};
const metrics = catalog.systems['flash-sale'].metrics;

let postgres: PostgresPart;
let redis: RedisPart;
let shop: Shop;
let contentType: string | null;
let page: string;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  shop = await startShop({ postgres, redis });
  const response = await fetch(`${shop.base}/metrics`);
  contentType = response.headers.get('content-type');
  page = await response.text();
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
  await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()]);
});

/** The label names of a metric's series, without `le`. */
const labelNames = (name: string) =>
  new Set(
    [...parseExposition(page).keys()]
      .filter((series) => series === name || series.startsWith(`${name}{`) || series.startsWith(`${name}_bucket{`))
      .map((series) =>
        [...series.matchAll(/(\w+)="/g)]
          .map(([, label]) => label)
          .filter((label) => label !== 'le')
          .sort()
          .join(','),
      ),
  );

describe.each(metrics)('$name', ({ name, type, labels, buckets }) => {
  test(`is a ${type} with help, from the first scrape on`, () => {
    expect(page).toMatch(new RegExp(`^# HELP ${name} .{5}`, 'm'));
    expect(page).toContain(`# TYPE ${name} ${type}\n`);
    expect(labelNames(name)).toEqual(new Set([[...labels].sort().join(',')]));
  });

  if (buckets === undefined) return;
  test('has the buckets of the catalogue', () => {
    const bounds = new Set(
      [...page.matchAll(new RegExp(`^${name}_bucket\\{.*?le="([^"]+)"`, 'gm'))].map(([, le]) => le),
    );
    expect(bounds).toEqual(new Set([...buckets.map(String), '+Inf']));
  });
});

test('latency buckets reach beyond the alert threshold to ten seconds', () => {
  const bounds = [...page.matchAll(/^http_request_duration_seconds_bucket\{.*?le="([\d.]+)"/gm)].map(([, le]) =>
    Number(le),
  );
  expect(bounds).toEqual(expect.arrayContaining([2, 10]));
});

test('is sent with the content type Prometheus 3 asks for', () => {
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test.each([
  ...['200', '499', '500'].map((s) => `http_requests_total{handler="storefront",method="GET",status_code="${s}"}`),
  ...['201', '400', '409', '429', '499', '500', '503'].map(
    (s) => `http_requests_total{handler="checkout",method="POST",status_code="${s}"}`,
  ),
  ...['200', '404', '410', '500', '503'].map(
    (s) => `http_request_duration_seconds_count{handler="purchase",method="POST",status_code="${s}"}`,
  ),
  'http_requests_total{handler="health",method="GET",status_code="503"}',
  'checkout_attempts_total',
  'checkout_success_total',
  'purchase_attempts_total',
  'purchase_success_total',
  'sale_items_sold',
  'db_query_duration_seconds_count{query_type="insert",table="purchases"}',
  ...['select', 'insert', 'update', 'connection'].map((type) => `db_errors_total{query_type="${type}"}`),
  ...['get', 'set', 'del', 'eval', 'ping'].map((command) => `redis_errors_total{command="${command}"}`),
  ...['connecting', 'reconnecting', 'stalled', 'closed'].map((state) => `redis_pool_connections{state="${state}"}`),
  ...['checkout', 'rotation'].map((type) => `redis_lock_contended_total{lock_type="${type}"}`),
  'redis_lock_duration_seconds_count{lock_type="checkout"}',
])('%s begins at 0', (series) => {
  expect(parseExposition(page).get(series)).toBe(0);
});

test('and the rest says how things are', () => {
  const now = parseExposition(page);
  expect(now.get('sale_items_total')).toBe(10_000);
  expect(now.get('db_connections_max')).toBe(10);
  expect(now.get('redis_pool_connections{state="ready"}')).toBe(1);
  expect(now.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(now.get('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(now.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
});
