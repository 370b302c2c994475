import { describe, expect, it } from 'vitest';
import type { Figure, Outcome } from './benchmark.ts';
import { isMet, markdownTable, number, remarksOf, terminalTable } from './table.ts';

const figure = (over: Partial<Figure> = {}): Figure => ({
  name: 'services ready',
  unit: 's',
  values: [2.4, 2.2, 2.6],
  aim: { is: 'under', value: 3, ifMissed: 'initdb writes 40 MB.' },
  ...over,
});
const outcome = (over: Partial<Outcome> = {}): Outcome => ({
  benchmark: 'boot',
  seconds: 1,
  figures: [figure()],
  ...over,
});

describe('an aim', () => {
  it.each([
    ['under', [2.99], true],
    ['under', [3], false],
    ['under', [1, 2, 100], true],
    ['at least', [3], true],
    ['at least', [2.99], false],
  ] as const)('%s 3 is judged by the median of %j: %s', (is, values, met) => {
    expect(isMet(figure({ values, aim: { is, value: 3, ifMissed: '' } }))).toBe(met);
  });

  it('is neither met nor missed where there is none', () => {
    const { aim: _, ...aimless } = figure();
    expect(isMet(aimless)).toBeUndefined();
  });
});

describe('a number', () => {
  it.each([
    [123.4, 'ms', '123'],
    [12.34, 'ms', '12.3'],
    [1.234, 's', '1.23'],
    [99.9876, '%', '99.988'],
    [0.456, '%', '0.46'],
    [-0.4, '%', '−0.40'],
    [-0.001, '%', '0.00'],
  ] as const)('%d %s reads %s', (value, unit, text) => {
    expect(number(value, unit)).toBe(text);
  });
});

describe('the table', () => {
  it('has a row for each figure with median, spread, aim and whether it was met', () => {
    expect(markdownTable([outcome()])).toContain(
      '| boot | services ready | 2.40 s | 2.20 to 2.60 (3) | under 3 s | yes |',
    );
  });

  it('says of a missed aim that it was missed, and why', () => {
    const missed = outcome({ figures: [figure({ values: [4] })] });
    expect(markdownTable([missed])).toContain('| MISSED |');
    expect(remarksOf([missed])).toEqual(['boot, services ready: missed. initdb writes 40 MB.']);
  });

  it('keeps the reason to itself where the aim was met', () => {
    expect(remarksOf([outcome()])).toEqual([]);
  });

  it('names a benchmark that failed instead of leaving it out', () => {
    const failed = outcome({ figures: [], failure: 'wrk is missing' });
    expect(terminalTable([failed])).toContain('FAILED');
    expect(remarksOf([failed])).toEqual(['boot could not be measured: wrk is missing']);
  });

  it('keeps a cell in its column', () => {
    expect(markdownTable([outcome({ figures: [figure({ name: 'a | b' })] })])).toContain('| a \\| b |');
  });
});
