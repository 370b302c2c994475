import { describe, expect, it } from 'vitest';
import type { Judgement } from '../harness/expectation.ts';
import type { Labels, Point } from '../harness/journal.ts';
import { at, FAULT, points } from '../harness/testing.ts';
import { metric } from './metric.ts';
import { answered, inBaseline, inRecovery, judged, judgedAt, PLAN } from './testing.ts';

const errors = metric('http_requests_total').rate();
type Series = readonly { readonly labels?: Labels; readonly points: readonly Point[] }[];
const one = (...given: readonly Point[][]): Series => [{ points: given.flat() }];
const calm = points(0, 295, 8);
type Case = readonly [what: string, series: Series, verdict: Judgement['verdict'], received: string];

describe('a claim that a metric crosses a threshold', () => {
  const exceeds = errors.exceeds('20/s').within('2m');
  const below = errors.fallsBelow('4/s').within('2m');

  it.each<Case>([
    ['it goes above in time', one(points(300, 330, 8), points(335, 900, 30)), 'held', '30/s at +35s'],
    [
      'one sample goes above',
      one(points(300, 330, 8), points(335, 335, 21), points(340, 900, 8)),
      'held',
      '21/s at +35s',
    ],
    ['it goes above at the deadline', one(points(420, 420, 30)), 'held', '30/s at +2m'],
    ['it goes above too late', one(points(300, 420, 8), points(425, 900, 30)), 'broken', 'at most 8/s, at +0s'],
    ['it only reaches the threshold', one(points(300, 900, 20)), 'broken', 'at most 20/s, at +0s'],
    [
      'it was above before the fault alone',
      one(points(0, 295, 30), points(300, 900, 8)),
      'broken',
      'at most 8/s, at +0s',
    ],
    ['it has no sample in the phase', one(calm), 'unknown', 'no samples in exhaustPool'],
    ['it has no sample before the deadline', one(points(425, 900, 30)), 'unknown', 'no samples in exhaustPool'],
    ['it was never asked for', [], 'unknown', 'no samples in exhaustPool'],
  ])('when %s', (_, series, verdict, received) => {
    expect(judged(exceeds, answered(exceeds, 900, series))).toMatchObject({ verdict, received });
  });

  it.each<Case>([
    ['it goes below', one(points(300, 310, 8), points(315, 900, 3)), 'held', '3/s at +15s'],
    ['it stays above', one(points(300, 900, 5)), 'broken', 'at least 5/s, at +0s'],
  ])('downwards when %s', (_, series, verdict, received) => {
    expect(judged(below, answered(below, 900, series))).toMatchObject({ verdict, received });
  });

  it('holds with the first of several series', () => {
    const series = [
      { labels: { instance: 'b' }, points: points(300, 900, (second) => (second >= 360 ? 30 : 8)) },
      { labels: { instance: 'a' }, points: points(300, 900, (second) => (second >= 330 ? 25 : 8)) },
    ];
    expect(judged(exceeds, answered(exceeds, 900, series))).toMatchObject({
      received: '25/s at +30s',
      decidedAt: at(330),
      timeline: [{ at: at(330), what: 'above 20/s' }],
    });
  });

  it('is open while it can still come true, and decided as soon as it has or cannot any more', () => {
    const quiet = one(points(300, 400, 8));
    expect(judgedAt(exceeds, answered(exceeds, 400, quiet), 100)).toBeUndefined();
    expect(judgedAt(exceeds, answered(exceeds, 400, one(points(300, 400, 30))), 100)?.verdict).toBe('held');
    expect(judgedAt(exceeds, answered(exceeds, 425, one(points(300, 425, 8))), 130)?.verdict).toBe('broken');
  });

  it('waits past its deadline for samples that are still to be asked for', () => {
    expect(judgedAt(exceeds, answered(exceeds, 415, one(points(300, 415, 8))), 130)).toBeUndefined();
  });

  it('is unknown where the samples end before the deadline because nobody asked for more', () => {
    const partly = answered(exceeds, 350, one(points(300, 350, 8)));
    expect(judged(exceeds, partly)).toMatchObject({ verdict: 'unknown', received: 'samples up to +50s only' });
    expect(judged(exceeds, answered(exceeds, 350, one(points(300, 350, 30)))).verdict).toBe('held');
  });

  it('says what it is about: query, chart with the threshold, floor, and what it proves', () => {
    const judgement = judged(exceeds, answered(exceeds, 900, one(points(300, 900, 8))));
    const query = 'sum(rate(http_requests_total[1m]))';
    expect(judgement).toMatchObject({
      headline: 'the rate of http_requests_total did not go above 20/s',
      expected: 'above 20/s within 2m',
      query,
      chart: { keys: [`range:${query}`], unit: 'reqps', threshold: 20 },
      floor: { scrape: 5_000, range: 60_000, evaluation: 0, for: 0, total: 65_000 },
      proves: { metric: 'http_requests_total' },
    });
    expect(exceeds).toMatchObject({ deadline: 120_000, needs: { baseline: false } });
  });
});

describe('a claim that a metric stays on a side of a threshold', () => {
  const below = errors.staysBelow('20/s');
  const above = errors.staysAbove('4/s');

  it.each<Case>([
    ['it stays below', one(points(0, 300, 8)), 'held', 'at most 8/s'],
    [
      'one sample reaches it',
      one(points(0, 200, 8), points(205, 205, 20), points(210, 300, 8)),
      'broken',
      '20/s at +3m25s',
    ],
    ['it goes above after the phase', one(points(0, 300, 8), points(305, 400, 30)), 'held', 'at most 8/s'],
    ['it has no samples', [], 'unknown', 'no samples in baseline'],
    ['its samples are of another phase', one(points(305, 400, 8)), 'unknown', 'no samples in baseline'],
  ])('below, when %s', (_, series, verdict, received) => {
    expect(inBaseline(below, answered(below, 400, series))).toMatchObject({ verdict, received });
  });

  it.each<Case>([
    ['it stays above', one(points(0, 300, 8)), 'held', 'at least 8/s'],
    ['it touches the threshold', one(points(0, 295, 8), points(300, 300, 4)), 'broken', '4/s at +5m'],
  ])('above, when %s', (_, series, verdict, received) => {
    expect(inBaseline(above, answered(above, 400, series))).toMatchObject({ verdict, received });
  });

  it('is unknown where the samples end before the phase because nobody asked for more, unless it broke', () => {
    const partly = (value: number) => answered(below, 200, one(points(0, 200, value)));
    expect(inBaseline(below, partly(8))).toMatchObject({ verdict: 'unknown', received: 'samples up to +3m20s only' });
    expect(inBaseline(below, partly(30)).verdict).toBe('broken');
  });

  it('is open until the phase is over, unless it broke', () => {
    expect(judgedAt(below, answered(below, 400, one(points(300, 400, 8))), 100)).toBeUndefined();
    expect(judgedAt(below, answered(below, 400, one(points(300, 400, 80))), 100)?.verdict).toBe('broken');
    expect(below.deadline).toBeUndefined();
  });
});

describe('a claim that a metric leaves its steady state', () => {
  const rises = errors.rises().within('2m');
  const falls = errors.falls().within('2m');
  const reacts = errors.reacts().within('2m');

  it.each<Case>([
    [
      'a lasting rise',
      one(calm, points(300, 345, 8), points(350, 900, 30)),
      'held',
      '30/s at +50s, from a baseline of 6/s to 10/s',
    ],
    [
      'a spike of two samples',
      one(calm, points(300, 345, 8), points(350, 355, 90), points(360, 900, 8)),
      'broken',
      '8/s to 90/s, within its steady state of 6/s to 10/s',
    ],
    ['a fall', one(calm, points(300, 900, 1)), 'broken', '1/s to 1/s, within its steady state of 6/s to 10/s'],
    [
      'a rise that began too late',
      one(calm, points(300, 415, 8), points(420, 900, 30)),
      'broken',
      '8/s to 30/s, within its steady state of 6/s to 10/s',
    ],
    ['no baseline', one(points(305, 900, 30)), 'unknown', 'no samples in the baseline'],
    ['nothing in the phase', one(calm), 'unknown', 'no samples in exhaustPool'],
    ['nothing at all', [], 'unknown', 'no samples in the baseline'],
  ])('rises: %s', (_, series, verdict, received) => {
    expect(judged(rises, answered(rises, 900, series))).toMatchObject({ verdict, received });
  });

  it.each<Case>([
    ['falls', one(calm, points(300, 900, 1)), 'held', '1/s at +0s, from a baseline of 6/s to 10/s'],
    ['rises', one(calm, points(300, 900, 30)), 'broken', '30/s to 30/s, within its steady state of 6/s to 10/s'],
  ])('falls: it %s', (_, series, verdict, received) => {
    expect(judged(falls, answered(falls, 900, series)).verdict).toBe(verdict);
    if (verdict === 'held') expect(judged(falls, answered(falls, 900, series)).received).toBe(received);
  });

  it('reacts whichever way it goes', () => {
    for (const value of [1, 30])
      expect(judged(reacts, answered(reacts, 900, one(calm, points(300, 900, value)))).verdict).toBe('held');
  });

  it('compares every series with its own baseline', () => {
    const series = [
      { labels: { code: '200' }, points: points(0, 900, 80) },
      { labels: { code: '500' }, points: points(0, 900, (second) => (second < 330 ? 1 : 5)) },
    ];
    expect(judged(rises, answered(rises, 900, series)).received).toBe(
      '5/s at +30s, from a baseline of 0.75/s to 1.25/s',
    );
  });

  it('takes a series that the baseline did not have for one that was nothing', () => {
    const series = [
      { labels: { code: '200' }, points: points(0, 900, 80) },
      { labels: { code: '500' }, points: points(330, 900, 5) },
    ];
    expect(judged(rises, answered(rises, 900, series)).received).toBe('5/s at +30s, from nothing');
  });

  it('is open until its deadline has been asked for', () => {
    const quiet = (to: number) => one(calm, points(300, to, 8));
    expect(judgedAt(rises, answered(rises, 380, quiet(380)), 80)).toBeUndefined();
    expect(judgedAt(rises, answered(rises, 415, quiet(415)), 130)).toBeUndefined();
    expect(judgedAt(rises, answered(rises, 425, quiet(425)), 130)?.verdict).toBe('broken');
    expect(judgedAt(rises, [], 80)).toBeUndefined();
  });

  it('needs a baseline, which check asks for', () => {
    expect(rises.needs.baseline).toBe(true);
  });
});

describe('a claim that a metric returns to its baseline', () => {
  const returns = errors.returnsToBaseline().within('2m');
  const high = points(305, 895, 30);

  it.each<Case>([
    ['it comes back', one(calm, high, points(900, 930, 30), points(935, 1_500, 8)), 'held', 'back at +35s'],
    ['it was back at once', one(calm, high, points(900, 1_500, 8)), 'held', 'back at +0s'],
    [
      'it comes back too late',
      one(calm, high, points(900, 1_015, 30), points(1_020, 1_500, 8)),
      'broken',
      '8/s at +2m, its steady state is 6/s to 10/s',
    ],
    [
      'it stays away',
      one(calm, high, points(900, 1_500, 30)),
      'broken',
      '30/s at +2m, its steady state is 6/s to 10/s',
    ],
    [
      'it only passes through',
      one(calm, points(900, 905, 8), points(910, 1_500, 1)),
      'broken',
      '1/s at +2m, its steady state is 6/s to 10/s',
    ],
    ['it has no baseline', one(high, points(900, 1_500, 8)), 'unknown', 'no samples in the baseline'],
    ['it is gone', one(calm, high), 'unknown', 'no samples after the heal'],
  ])('when %s', (_, series, verdict, received) => {
    expect(inRecovery(returns, answered(returns, 1_500, series))).toMatchObject({ verdict, received });
  });

  it('holds when the last of several series is back', () => {
    const back = (code: string, from: number) => ({
      labels: { code },
      points: [...calm, ...points(900, 1_500, (second) => (second < from ? 30 : 8))],
    });
    expect(inRecovery(returns, answered(returns, 1_500, [back('200', 960), back('500', 920)])).received).toBe(
      'back at +1m',
    );
    expect(inRecovery(returns, answered(returns, 1_500, [back('200', 1_100), back('500', 920)])).verdict).toBe(
      'broken',
    );
  });
});

describe('the queries of a metric', () => {
  const expr = (claims: { rises(): { within(deadline: '2m'): ReturnType<typeof errors.staysBelow> } }) =>
    claims.rises().within('2m').queries(PLAN)[0]?.expr;
  const latency = metric('http_request_duration_seconds');

  it.each([
    [
      expr(latency.quantile(0.95)),
      'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))',
    ],
    [
      expr(latency.where({ handler: 'checkout' }).over('5m').quantile(0.5)),
      'histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{handler="checkout"}[5m])))',
    ],
    [
      expr(metric('http_requests_total').where({ handler: 'checkout' }).share({ status_code: /5../ })),
      'sum(rate(http_requests_total{handler="checkout", status_code=~"5.."}[1m])) / sum(rate(http_requests_total{handler="checkout"}[1m]))',
    ],
    [expr(metric('db_connections_active').value()), 'db_connections_active'],
    [
      expr(metric('db_connections_active').where({ instance: 'a"b' }).value()),
      'db_connections_active{instance="a\\"b"}',
    ],
  ])('%s', (query, expected) => {
    expect(query).toBe(expected);
  });

  it.each([
    [latency.quantile(0.99).exceeds('300ms').within('2m'), 0.3],
    [metric('http_requests_total').share({ status_code: /5../ }).exceeds('5%').within('2m'), 0.05],
    [metric('process_resident_memory_bytes').value().exceeds('512MiB').within('2m'), 512 * 1024 ** 2],
    [metric('nodejs_eventloop_lag_p99_seconds').value().exceeds('100ms').within('2m'), 0.1],
    [metric('db_connections_active').value().exceeds(9).within('2m'), 9],
  ])('%o compares in the unit of the metric', (claim, threshold) => {
    expect(judged(claim, answered(claim, 900, one(points(300, 900, 0)))).chart?.threshold).toBeCloseTo(threshold, 12);
  });

  it('names quantiles as people do, and the labels that check looks up', () => {
    const claim = latency.where({ handler: 'checkout' }).quantile(0.55).staysBelow('300ms');
    expect(claim.title).toBe('p55 of http_request_duration_seconds{handler="checkout"} stays below 300ms');
    expect(claim.needs.metrics).toEqual([{ name: 'http_request_duration_seconds', labels: ['handler'] }]);
  });

  it('refuses a threshold or deadline that is no unit, with its place', () => {
    expect(() => latency.quantile(0.95).exceeds('-1s')).toThrow(
      'the threshold of http_request_duration_seconds is "-1s"',
    );
    expect(() => errors.rises().within('-5m')).toThrow('the deadline of the rate of http_requests_total is "-5m"');
  });

  it('reads values as they were scraped, with no range to wait for', () => {
    const claim = metric('db_connections_active').value().exceeds(9).within('2m');
    expect(claim.queries(PLAN)[0]?.mode).toBe('raw');
    expect(claim.floor(PLAN)?.total).toBe(5_000);
    expect(judgedAt(claim, answered(claim, 330, one(points(300, 330, 10))), 30, FAULT)?.verdict).toBe('held');
  });
});
