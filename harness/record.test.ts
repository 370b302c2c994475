import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeQuery } from './expectation.ts';
import type { Point } from './journal.ts';
import { at, delivered, faultEvent, points, recordOf, samples } from './testing.ts';

const errors = rangeQuery('errors');

describe('the record of a run', () => {
  it('joins the samples of one series across events, whatever the order of its labels', () => {
    const record = recordOf(
      samples(errors, points(0, 5, 1), 5, { job: 'app', code: '500' }),
      samples(errors, points(10, 15, 2), 15, { code: '500', job: 'app' }),
    );
    expect(record.series(errors)).toEqual([
      { labels: { job: 'app', code: '500' }, points: [...points(0, 5, 1), ...points(10, 15, 2)] },
    ]);
  });

  it('keeps series with other labels, and other queries, apart', () => {
    const record = recordOf(
      samples(errors, points(0, 5, 1), 5, { code: '500' }),
      samples(errors, points(0, 5, 2), 5, { code: '503' }),
      samples(rangeQuery('other'), points(0, 5, 3)),
    );
    expect(record.series(errors).map(({ labels }) => labels.code)).toEqual(['500', '503']);
  });

  it('answers with both ends of a span, and leaves out series that have no point in it', () => {
    const record = recordOf(samples(errors, points(0, 20, 1)), samples(errors, points(0, 5, 1), 20, { code: '500' }));
    expect(record.series(errors, at(10), at(15))).toEqual([{ labels: {}, points: points(10, 15, 1) }]);
    expect(record.series(errors, at(30))).toEqual([]);
  });

  it('knows how far a query was asked even where there was nothing, and that it never was', () => {
    expect(recordOf().until(errors)).toBe(Number.NEGATIVE_INFINITY);
    expect(recordOf(samples(errors, [], 30)).until(errors)).toBe(at(30));
    expect(recordOf(samples(errors, [], 30), samples(errors, [], 20)).until(errors)).toBe(at(30));
    expect(recordOf(samples(errors, [], 30)).series(errors)).toEqual([]);
  });

  it('takes no part of the events it is fed: the journal may go on using them', () => {
    const event = samples(errors, points(0, 5, 1));
    const record = recordOf(event, samples(errors, points(10, 15, 1)));
    expect(record.series(errors)[0]?.points).toHaveLength(4);
    expect(event.series[0]?.points).toHaveLength(2);
  });

  it('keeps notifications, faults, log lines and the last observation of each invariant', () => {
    const seen = (facts: Record<string, unknown>) =>
      ({ type: 'observation', at: at(0), invariant: 'nothing lost', facts }) as const;
    const line = { type: 'log', at: at(1), service: 'app', fields: { level: 'error' } } as const;
    const record = recordOf(
      delivered('Slow', 'firing', 20),
      faultEvent('proven'),
      line,
      seen({ lost: 1 }),
      seen({ lost: 0 }),
    );
    expect(record.notifications).toHaveLength(1);
    expect(record.faults).toHaveLength(1);
    expect(record.logs).toEqual([line]);
    expect(record.observations.get('nothing lost')).toEqual({ lost: 0 });
  });

  it('holds the same however the samples were cut into events', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer(), { maxLength: 4 }), { maxLength: 6 }), (chunks) => {
        let second = 0;
        const cut = chunks.map((values) => values.map((value): Point => [at(second++), value]));
        const whole = recordOf(samples(errors, cut.flat()));
        expect(recordOf(cut.map((part) => samples(errors, part))).series(errors)).toEqual(whole.series(errors));
      }),
    );
  });
});
