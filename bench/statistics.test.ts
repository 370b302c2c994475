import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventRate, median, mirrored, pairedExcess, quantile, rotated, spread } from './statistics.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });

describe('a quantile', () => {
  it.each([
    [[3], 0.5, 3],
    [[1, 2], 0.5, 1.5],
    [[5, 1, 3], 0.5, 3],
    [[4, 1, 3, 2], 0.25, 1.75],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 1, 3],
  ])('of %j at %d is %d', (sample, share, expected) => {
    expect(quantile(sample, share)).toBe(expected);
  });

  it('lies within the sample, grows with its share, and leaves the sample alone', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sample, share) => {
        const before = [...sample];
        const value = quantile(sample, share);
        expect(value).toBeGreaterThanOrEqual(Math.min(...sample));
        expect(value).toBeLessThanOrEqual(Math.max(...sample));
        expect(quantile(sample, 1)).toBeGreaterThanOrEqual(value);
        expect(sample).toEqual(before);
      }),
    );
  });

  it('of nothing is no number', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('a spread', () => {
  it('is least and greatest of few values', () => {
    expect(spread([3, 1, 2])).toEqual({ low: 1, high: 3, kind: 'range' });
  });

  it('is the middle half of many, whatever the ends are', () => {
    expect(spread([1, 2, 3, 4, 5, 6, 7, 8, 1000])).toEqual({ low: 3, high: 7, kind: 'quartiles' });
  });
});

describe('a paired excess', () => {
  it('is percent over the partner, pair by pair', () => {
    expect(pairedExcess([110, 95], [100, 100]).map(Math.round)).toEqual([10, -5]);
  });

  it('takes out what both of a pair have in common', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (speeds) => {
          const excess = pairedExcess(
            speeds.map((speed) => speed * 1.02),
            speeds,
          );
          expect(median(excess)).toBeCloseTo(2, 6);
        },
      ),
    );
  });

  it('refuses what is no pair', () => {
    expect(() => pairedExcess([1], [])).toThrow(RangeError);
    expect(() => pairedExcess([1], [0])).toThrow(RangeError);
  });
});

describe('the order of a round', () => {
  it('is its own mirror image', () => {
    expect(mirrored(['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'c', 'b', 'a']);
  });

  it('begins with each contender in turn', () => {
    expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round)[0])).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('a rate of events', () => {
  it('is exact for events on the dot, wherever they begin', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 500 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(1e9),
        (count, rate, from) => {
          const times = Array.from({ length: count }, (_, place) => from + (place * 1_000) / rate);
          expect((eventRate(times) ?? 0) / rate).toBeCloseTo(1, 3);
        },
      ),
    );
  });

  it('hardly minds a late first and a late last one', () => {
    const times = Array.from({ length: 300 }, (_, place) => place * 10);
    const late = times.map((time, place) => (place === 0 || place === 299 ? time + 4 : time));
    expect(eventRate(late)).toBeGreaterThan(99.95);
    expect(eventRate(late)).toBeLessThan(100.05);
  });

  it('is not known from two events', () => {
    expect(eventRate([1, 2])).toBeUndefined();
  });
});
