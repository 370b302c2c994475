import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point } from '../harness/journal.ts';
import { bandOf, type Direction, enters, leaves } from './band.ts';

const series = (values: readonly number[], from = 0): Point[] => values.map((value, index) => [from + index, value]);
const flat = (value: number, length = 20) => series(Array.from({ length }, () => value));
const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 60 });
const directions: readonly Direction[] = ['rises', 'falls', 'moves'];
const bandFor = (points: readonly Point[]) => bandOf(points) ?? { low: Number.NaN, high: Number.NaN };

describe('the band of a steady state', () => {
  it('is not there without points', () => {
    expect(bandOf([])).toBeUndefined();
  });

  it.each([
    ['a constant, widened by a quarter', flat(8), { low: 6, high: 10 }],
    ['noise, widened by half its width', series([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), { low: -3, high: 13 }],
    ['a constant with one spike, as if it were not there', series([...Array(15).fill(8), 800]), { low: 6, high: 10 }],
    ['one point', flat(4, 1), { low: 3, high: 5 }],
  ])('is that of %s', (_, points, band) => {
    expect(bandOf(points)).toEqual(band);
  });

  it('is never left by a constant', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }), (value) => {
        for (const direction of directions)
          expect(leaves(flat(value), bandFor(flat(value)), direction)).toBeUndefined();
        expect(enters(flat(value), bandFor(flat(value)))).toBe(0);
      }),
    );
  });

  it('has a width and holds the median', () => {
    fc.assert(
      fc.property(values, (given) => {
        const { low, high } = bandFor(series(given));
        const median = given.toSorted((a, b) => a - b)[Math.round((given.length - 1) / 2)];
        expect(high).toBeGreaterThan(low);
        expect(median).toBeGreaterThanOrEqual(low);
        expect(median).toBeLessThanOrEqual(high);
      }),
    );
  });

  it('does not depend on the order of the points', () => {
    fc.assert(
      fc.property(values, (given) => {
        expect(bandOf(series(given.toReversed()))).toEqual(bandOf(series(given)));
      }),
    );
  });

  it('does not depend on the unit: seconds or milliseconds make the same findings', () => {
    // Powers of two, which floating point multiplies by exactly. A steady state of 0 has a width of its own.
    fc.assert(
      fc.property(values, values, fc.integer({ min: -20, max: 20 }), (before, after, power) => {
        const scaled = (given: readonly number[]) => series(given.map((value) => value * 2 ** power));
        const [band, other] = [bandFor(series(before)), bandFor(scaled(before))];
        fc.pre(band.high - band.low > 1e-6);
        expect(other).toEqual({ low: band.low * 2 ** power, high: band.high * 2 ** power });
        for (const direction of directions)
          expect(leaves(scaled(after), other, direction)).toBe(leaves(series(after), band, direction));
      }),
    );
  });

  it('treats dips as it treats spikes', () => {
    fc.assert(
      fc.property(
        values.filter((given) => given.length % 2 === 1),
        values,
        (before, after) => {
          const mirrored = (given: readonly number[]) => series(given.map((value) => -value));
          const [band, other] = [bandFor(series(before)), bandFor(mirrored(before))];
          expect(leaves(mirrored(after), other, 'falls')).toBe(leaves(series(after), band, 'rises'));
          expect(leaves(mirrored(after), other, 'moves')).toBe(leaves(series(after), band, 'moves'));
        },
      ),
    );
  });
});

describe('a reaction', () => {
  const band = bandFor(flat(8));

  it.each<[string, number[], Direction, number | undefined]>([
    ['a spike of one sample', [8, 80, 8, 8, 8], 'rises', undefined],
    ['a spike of two samples', [8, 80, 80, 8, 8], 'rises', undefined],
    ['spikes with a calm sample between', [80, 80, 8, 80, 80, 8], 'rises', undefined],
    ['a lasting step', [8, 80, 80, 80, 80], 'rises', 1],
    ['a step that ends the series', [8, 8, 80, 80, 80], 'rises', 2],
    ['a step up', [80, 80, 80], 'falls', undefined],
    ['a step down', [8, 1, 1, 1], 'falls', 1],
    ['a step down', [8, 1, 1, 1], 'rises', undefined],
    ['a step down', [8, 1, 1, 1], 'moves', 1],
    ['a swing from one side to the other', [80, 0, 80], 'moves', 0],
    ['the edge of the band', [10, 10, 10], 'rises', undefined],
    ['nothing at all', [], 'moves', undefined],
  ])('%s: %j %s at %s', (_, given, direction, at) => {
    expect(leaves(series(given), band, direction)).toBe(at);
  });

  it('is found at any place, as long as it lasts three samples, and never in fewer', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 6 }), fc.nat({ max: 20 }), (calm, high, after) => {
        const given = [...Array(calm).fill(8), ...Array(high).fill(80), ...Array(after).fill(8)];
        expect(leaves(series(given), band, 'rises')).toBe(high >= 3 ? calm : undefined);
      }),
    );
  });
});

describe('coming back', () => {
  const band = bandFor(flat(8));

  it.each<[number[], number | undefined]>([
    [[80, 80, 8, 8, 8], 2],
    [[80, 8, 8, 80, 8], undefined],
    [[8, 8, 8], 0],
    [[6, 10, 6], 0],
    [[], undefined],
  ])('%j is back at %s', (given, at) => {
    expect(enters(series(given), band)).toBe(at);
  });
});
