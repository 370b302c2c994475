import { describe, expect, it } from 'vitest';
import type { EventOf } from './journal.ts';
import { loadJudgements } from './load-judge.ts';

type Total = EventOf<'load-total'>;
const total = (over: Partial<Total> = {}): Total => ({
  type: 'load-total',
  at: 1,
  driver: 'k6',
  model: 'open',
  description: 'buyers at 40/s',
  scheduled: 100,
  started: 100,
  dropped: 0,
  unanswered: 0,
  answers: [],
  outcomes: {},
  receipts: [],
  latency: { p50: 1, p95: 1, p99: 1, max: 1 },
  startLag: { p50: 0, p99: 0, max: 0 },
  ...over,
});
const withLimit = (held: boolean | null, value: number | null) =>
  total({
    report: {
      program: 'k6 2.2.0',
      figures: [],
      thresholds: [{ metric: 'http_req_duration', limit: 'p(95)<500', value, held }],
    },
  });
const brief = (totals: readonly Total[]) =>
  loadJudgements(totals).map(({ verdict, headline, received }) => [verdict, headline, received]);

describe('a load', () => {
  it('that dropped nothing has held', () => {
    expect(brief([total()])).toEqual([['held', 'buyers at 40/s dropped no iterations', 'all 100 begun by k6']]);
  });

  it('that dropped iterations is broken, with how many', () => {
    expect(brief([total({ started: 93, dropped: 7 })])).toEqual([
      [
        'broken',
        'buyers at 40/s dropped 7 of 100 iterations',
        '7 could not begin: as many as its capacity allows were in flight',
      ],
    ]);
  });

  it('that may drop iterations is not judged by them', () => {
    expect(brief([total({ driver: 'browser', mayDrop: true, dropped: 3 })])).toEqual([]);
  });

  it('of a closed model has no schedule to keep, nor has one of an old journal', () => {
    const { model: _, ...old } = total({ dropped: 3 });
    expect(brief([total({ model: 'closed', dropped: 3 }), old])).toEqual([]);
  });
});

describe('a threshold', () => {
  it.each([
    [true, 312.4567, ['held', 'k6 threshold: http_req_duration p(95)<500', '312.5 over buyers at 40/s']],
    [false, 812.3, ['broken', 'the k6 threshold http_req_duration p(95)<500 was crossed', '812.3 over buyers at 40/s']],
    [null, null, ['unknown', 'k6 threshold: http_req_duration p(95)<500', 'k6 2.2.0 ended without deciding it']],
  ])('that k6 says %s of, at %s, is judged so', (held, value, expected) => {
    expect(brief([withLimit(held, value)])[1]).toEqual(expected);
  });
});
