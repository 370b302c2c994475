import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  plainNumber,
  rangeWithUnit,
  realDuration,
  scenarioDuration,
  scenarioOffset,
  seriesName,
  valueWithUnit,
} from './format.ts';

test.each([
  [0, '0s'],
  [400, '0.4s'],
  [9_949, '9.9s'],
  [9_999, '10s'],
  [59_600, '1m'],
  [67_000, '1m07s'],
  [72_000, '1m12s'],
  [300_000, '5m'],
  [320_000, '5m20s'],
  [3_600_000, '1h'],
  [3_725_000, '1h2m05s'],
  [-5, '0s'],
])('%d scenario milliseconds read %s', (ms, text) => expect(scenarioDuration(ms)).toBe(text));

test.each([
  [0, '+0s'],
  [-20, '+0s'],
  [72_000, '+1m12s'],
  [-30_000, '−30s'],
])('an offset of %d reads %s', (ms, text) => expect(scenarioOffset(ms)).toBe(text));

test.each([
  [0, '0.0 s'],
  [0.3, '1 ms'],
  [240, '240 ms'],
  [1_234, '1.2 s'],
  [185_000, '3 min 5 s'],
  [-1_500, '−1.5 s'],
])('%d real milliseconds read %s', (ms, text) => expect(realDuration(ms)).toBe(text));

test.each([
  [1_234_567, '1,234,567'],
  [-1_234, '−1,234'],
  [0.123_456, '0.123'],
  [99.44, '99.4'],
  [0.000_001, '1.00e-6'],
  [Number.NaN, 'no value'],
  [Number.POSITIVE_INFINITY, '+Inf'],
])('the number %d reads %s', (value, text) => expect(plainNumber(value)).toBe(text));

test.each([
  [0.041, 's', '41 ms'],
  [2.314, 's', '2.31 s'],
  [0.000_3, 's', '300 µs'],
  [3_610, 'ms', '3.61 s'],
  [0.198, 'percentunit', '19.8%'],
  [5, 'percent', '5%'],
  [134_217_728, 'bytes', '128 MiB'],
  [80.12, 'reqps', '80.1 req/s'],
  [7, 'furlongs', '7 furlongs'],
  [10, 'short', '10'],
])('%d in %s reads %s', (value, unit, text) => expect(valueWithUnit(value, unit)).toBe(text));

test('a range names its unit once where one serves both ends', () => {
  expect(rangeWithUnit(78.1, 81.9, 'reqps')).toBe('78.1 to 81.9 req/s');
  expect(rangeWithUnit(0.0301, 4.65, 's')).toBe('30.1 ms to 4.65 s');
  expect(rangeWithUnit(10, 10, 'short')).toBe('10');
});

test('a legend template is filled from the labels, and without one the labels name the series', () => {
  expect(seriesName('{{handler}} p{{ q }}', { handler: 'checkout', q: '95' })).toBe('checkout p95');
  expect(seriesName('{{absent}}', {})).toBe('value');
  expect(seriesName('__auto', { __name__: 'up', job: 'a' })).toBe('a');
  expect(seriesName('', { __name__: 'up', job: 'a', zone: 'b' })).toBe('job="a", zone="b"');
  expect(seriesName('', { __name__: 'up' })).toBe('up');
});

test('any finite value in any unit reads as something', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true }),
      fc.constantFrom('s', 'ms', 'bytes', 'percentunit', 'reqps', ''),
      (value, unit) => {
        expect(valueWithUnit(value, unit)).toMatch(/\d|Inf/);
      },
    ),
  );
});
