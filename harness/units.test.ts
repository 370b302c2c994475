import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, duration, fraction, milliseconds, perSecond } from './units.ts';

describe('units', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['300ms', 300],
    ['1.5s', 1_500],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
  ])('reads the duration %s', (text, ms) => {
    expect(milliseconds(text)).toBe(ms);
  });

  it.each(['', '5', '-5s', '5 s', '5x', 's', '1e3s', '5s!', 'NaNs'])(
    'refuses the duration %j, naming its place',
    (text) => {
      expect(() => milliseconds(text, 'the deadline of p95')).toThrow(
        expect.objectContaining({
          code: 'BAD_UNIT',
          message: `the deadline of p95 is ${JSON.stringify(text)}; expected a duration such as '300ms', '30s' or '1h30m'.`,
        }),
      );
    },
  );

  it.each([
    [perSecond, '80/s', 80],
    [perSecond, '30/m', 0.5],
    [perSecond, '0.5/s', 0.5],
    [fraction, '1%', 0.01],
    [fraction, '99.9%', 0.999],
    [bytes, '512MiB', 512 * 1024 ** 2],
    [bytes, '1.5KiB', 1_536],
    [bytes, '7B', 7],
  ])('%o reads %s', (read, text, value) => {
    expect(read(text)).toBeCloseTo(value, 10);
  });

  it.each([
    [perSecond, '80', "rate is \"80\"; expected a rate such as '80/s' or '30/m'."],
    [perSecond, '80/h', "rate is \"80/h\"; expected a rate such as '80/s' or '30/m'."],
    [fraction, '0.05', 'share is "0.05"; expected a share such as \'5%\'.'],
    [bytes, '512MB', 'size is "512MB"; expected a size such as \'512MiB\'.'],
  ])('%o refuses %s', (read, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it.each([
    [0, '0s'],
    [-5, '0s'],
    [0.4, '0s'],
    [1, '1ms'],
    [90_000, '1m30s'],
    [86_400_001, '1d1ms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('reads back every duration it writes', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), (ms) => {
        expect(milliseconds(duration(ms))).toBe(ms);
      }),
    );
  });
});
