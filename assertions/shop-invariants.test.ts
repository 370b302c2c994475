import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Books, Invariant, MetricSample } from '../harness/invariant.ts';
import { totals } from '../harness/testing.ts';
import { booksBalance, countsAgree, neverOversells, nothingLost, sellsExactly } from './shop-invariants.ts';

const booksOf = (over: Partial<Books> & { readonly counts?: Readonly<Record<string, number>> } = {}): Books => ({
  load: over.load ?? [],
  metrics: over.metrics ?? [],
  ledger: over.ledger ?? { counts: over.counts ?? {}, receipts: [] },
});
/** Judged from the facts as they come back from the journal. */
const judge = (invariant: Invariant, books: Books) =>
  invariant.judge(JSON.parse(JSON.stringify(invariant.observe(books))) as Record<string, unknown>);
const requests = (status_code: string, value: number, handler = 'checkout'): MetricSample => ({
  name: 'http_requests_total',
  labels: { method: 'POST', handler, status_code },
  value,
});
const sold = (value: number): MetricSample => ({ name: 'purchase_success_total', labels: {}, value });
const answers = (count: number, status = 201) => [{ handler: 'checkout', method: 'POST', status, count }];

describe('never oversells', () => {
  it.each([
    [{ oversold_items: 0, users_over_limit: 0, purchases: 7, stock: 10 }, 'held', '7 sold of 10, none oversold'],
    [{ oversold_items: 2, users_over_limit: 0 }, 'broken', '2 items are oversold'],
    [{ oversold_items: 2, users_over_limit: 1 }, 'broken', '2 items are oversold; 1 users are over their limit'],
    [{ oversold_items: 0 }, 'unknown', 'the books lack what it needs: {"oversold_items":0}'],
    [{}, 'unknown', 'the books lack what it needs: {}'],
  ])('with %j: %s', (counts, verdict, received) => {
    expect(judge(neverOversells(), booksOf({ counts }))).toMatchObject({ verdict, received });
  });
});

const SOUND = {
  purchases_without_reservation: 0,
  reservations_without_purchase: 0,
  items_with_wrong_counts: 0,
  users_with_wrong_counts: 0,
};

describe('the books balance', () => {
  it.each([
    [{ ...SOUND, reservations: 9, purchases: 7 }, 'held', '9 reservations, 7 purchases'],
    [{ ...SOUND, purchases_without_reservation: 3 }, 'broken', 'purchases without reservation: 3'],
    [
      { purchases_without_reservation: 0 },
      'unknown',
      'the books lack what it needs: {"purchases_without_reservation":0}',
    ],
  ])('with %j: %s', (counts, verdict, received) => {
    expect(judge(booksBalance(), booksOf({ counts }))).toMatchObject({ verdict, received });
  });
});

describe('sells exactly', () => {
  it.each([
    [{ purchases: 10 }, 'held', '10 sold'],
    [{ purchases: 9 }, 'broken', '9 purchases'],
    [{ purchases: 11 }, 'broken', '11 purchases'],
    [{}, 'unknown', 'the books lack what it needs: {}'],
  ])('10 with %j: %s', (counts, verdict, received) => {
    expect(judge(sellsExactly(10), booksOf({ counts }))).toMatchObject({ verdict, received });
  });
});

describe('nothing acknowledged is lost', () => {
  const told = (...receipts: string[]) => [totals({ receipts })];

  it('holds when the database has every code, whatever else it has', () => {
    const books = booksOf({ load: [...told('a'), ...told('b')], ledger: { counts: {}, receipts: ['a', 'b', 'c'] } });
    expect(judge(nothingLost(), books)).toMatchObject({ verdict: 'held', received: '2 acknowledged, all there' });
  });

  it('is broken by every code that is missing, with examples', () => {
    const books = booksOf({ load: told('a', 'b', 'c'), ledger: { counts: {}, receipts: ['b'] } });
    expect(judge(nothingLost(), books)).toMatchObject({
      verdict: 'broken',
      received: '2 of 3 acknowledged purchases are not in the database, e.g. ["a","c"]',
    });
  });

  it('holds exactly when what was acknowledged is a part of what is kept', () => {
    const codes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(codes, codes, (acknowledged, kept) => {
        const books = booksOf({ load: told(...acknowledged), ledger: { counts: {}, receipts: kept } });
        const whole = acknowledged.every((code) => kept.includes(code));
        expect(judge(nothingLost(), books).verdict).toBe(whole ? 'held' : 'broken');
      }),
    );
  });

  it('is unknown without the comparison', () => {
    expect(nothingLost().judge({}).verdict).toBe('unknown');
  });
});

describe('the counts agree to the unit', () => {
  const agreed = {
    load: [
      totals({ answers: answers(7), receipts: ['a'] }),
      totals({ answers: [...answers(1), ...answers(2, 409)], receipts: ['b'] }),
    ],
    metrics: [requests('201', 8), requests('409', 2), requests('500', 0), requests('200', 99, 'metrics'), sold(2)],
    counts: { purchases: 2 },
  };

  it('holds when drivers, /metrics and database say the same, handler by handler', () => {
    expect(judge(countsAgree(), booksOf(agreed))).toMatchObject({
      verdict: 'held',
      received: '10 requests and 2 purchases agree',
    });
  });

  it.each<[string, Partial<Parameters<typeof booksOf>[0]>, string]>([
    [
      'the server counted one more',
      { metrics: [requests('201', 9), requests('409', 2), sold(2)] },
      'POST checkout 201: the driver counted 8, http_requests_total says 9',
    ],
    [
      'the server answered what no driver saw',
      { metrics: [...agreed.metrics, requests('503', 1)] },
      'POST checkout 503: the driver counted 0, http_requests_total says 1',
    ],
    [
      'the server did not count a status',
      { metrics: [requests('201', 8), sold(2)] },
      'POST checkout 409: the driver counted 2, http_requests_total says 0',
    ],
    [
      'the database holds another number',
      { counts: { purchases: 3 } },
      'purchases: the driver was told 2, purchase_success_total says 2, the database holds 3',
    ],
  ])('is broken when %s', (_, over, received) => {
    expect(judge(countsAgree(), booksOf({ ...agreed, ...over }))).toMatchObject({ verdict: 'broken', received });
  });

  it('is unknown without the counter or the count, and without facts', () => {
    expect(judge(countsAgree(), booksOf({ ...agreed, metrics: agreed.metrics.slice(0, -1) })).verdict).toBe('unknown');
    expect(judge(countsAgree(), booksOf({ ...agreed, counts: {} })).verdict).toBe('unknown');
    expect(countsAgree().judge({}).verdict).toBe('unknown');
  });
});
