import { describe, expect, it } from 'vitest';
import { aPlan, at, BASELINE, FAULT, RECOVERY, recordOf, viewOf } from '../harness/testing.ts';
import { explain, readable, since, startOf } from './explain.ts';

describe('a number for people', () => {
  it.each<[number, string, string]>([
    [0.2934, 's', '293ms'],
    [0.0004, 's', '0.4ms'],
    [-0.25, 's', '-250ms'],
    [2, 's', '2s'],
    [2.5, 's', '2.5s'],
    [73.46, 's', '73.5s'],
    [0.2931, 'percentunit', '29.3%'],
    [1, 'percentunit', '100%'],
    [1_572_864, 'bytes', '1.5MiB'],
    [80.24, 'reqps', '80.2/s'],
    [999.7, 'ops', '1000/s'],
    [1_234.56, 'reqps', '1235/s'],
    [7, '', '7'],
    [0, '', '0'],
    [12_345_678.9, '', '12345679'],
    [0.012345, 'short', '0.0123'],
    [Number.MAX_VALUE, 's', 'infinite'],
    [-Number.MAX_VALUE, '', 'infinite'],
  ])('%d in %j is %s', (value, unit, text) => {
    expect(readable(value, unit)).toBe(text);
  });
});

describe('times in a text', () => {
  const view = viewOf(aPlan({ speed: 60 }), recordOf());

  it('count from the start of the phase, in scenario time', () => {
    expect([since(view, at(300)), since(view, at(301.2)), since(view, at(299))]).toEqual(['+0s', '+1m12s', '-1m']);
  });

  it.each([
    [FAULT, 'the fault'],
    [RECOVERY, 'the heal'],
    [BASELINE, 'its start'],
  ])('of %j count from %s', (phase, words) => {
    expect(startOf({ ...view, phase })).toBe(words);
  });
});

describe('an explanation', () => {
  const least = { verdict: 'held', headline: 'it fires', expected: 'firing', received: 'firing' } as const;

  it('has no fields for what there is not', () => {
    expect(explain(least)).toEqual({ ...least, timeline: [], proves: {} });
  });

  it('puts its timeline in order, and keeps the one it was given', () => {
    const timeline = [
      { at: 2, what: 'firing' },
      { at: 1, what: 'pending' },
    ];
    expect(explain({ ...least, timeline }).timeline.map(({ what }) => what)).toEqual(['pending', 'firing']);
    expect(timeline[0]?.what).toBe('firing');
  });
});
