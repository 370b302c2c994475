import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from './random.ts';

const first = (seed: number, stream: number) => {
  const source = random(seed, stream);
  return Array.from({ length: 20 }, () => source.number());
};

test('the same seed and stream give the same numbers', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(), (seed, stream) => {
      expect(first(seed, stream)).toEqual(first(seed, stream));
    }),
  );
});

test('neighbouring seeds and streams give unrelated numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.nat(1e6), (seed, stream) => {
      const here = first(seed, stream);
      for (const other of [first(seed + 1, stream), first(seed, stream + 1)]) {
        expect(here.filter((value, index) => value === other[index])).toHaveLength(0);
      }
    }),
  );
});

test('whole numbers stay within both ends and reach them', () => {
  const source = random(7);
  const seen = new Set(Array.from({ length: 1000 }, () => source.integer(1, 10)));
  expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('numbers fill [0, 1) evenly', () => {
  const source = random(3);
  const buckets = new Array<number>(10).fill(0);
  for (let index = 0; index < 100_000; index++) {
    const bucket = Math.floor(source.number() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  // 10,000 expected each, standard deviation 95.
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
