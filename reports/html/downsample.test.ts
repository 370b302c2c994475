import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Point } from '../../harness/journal.ts';
import { downsample, gaps } from './downsample.ts';

const line = (values: readonly number[]): Point[] => values.map((value, index) => [index * 250, value]);

test('a short series stays as it is', () => {
  const points = line([1, 2, 3]);
  expect(downsample(points, 10)).toBe(points);
  expect(downsample([], 10)).toEqual([]);
});

test('a spike of one sample survives', () => {
  const points = line(Array.from({ length: 10_000 }, (_, index) => (index === 4_321 ? 99 : 1)));
  expect(downsample(points, 100).some(([, value]) => value === 99)).toBe(true);
});

test('the drawn points are some of the points, in order, no more than asked for, with both ends and both extremes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 2, max: 40 }),
      (values, half) => {
        const points = line(values);
        const drawn = downsample(points, half * 2);
        expect(drawn.length).toBeLessThanOrEqual(Math.max(half * 2, 4));
        expect(drawn.map(([at]) => at)).toEqual([...new Set(drawn.map(([at]) => at))].sort((a, b) => a - b));
        expect([drawn[0], drawn.at(-1)]).toEqual([points[0], points.at(-1)]);
        expect(Math.max(...drawn.map(([, value]) => value))).toBe(Math.max(...values));
        expect(Math.min(...drawn.map(([, value]) => value))).toBe(Math.min(...values));
      },
    ),
  );
});

test('a line breaks where samples are missing, and nowhere else', () => {
  const points: Point[] = [
    [0, 1],
    [250, 1],
    [500, 1],
    [2_000, 1],
    [2_250, 1],
  ];
  expect([...gaps(points)]).toEqual([500]);
  expect(gaps(line([1, 2, 3])).size).toBe(0);
});
