import { describe, expect, it } from 'vitest';
import { messageOf } from './errors.ts';
import { baseline, during, loadOf, loadsOf, recovery, scenario, warmUp } from './scenario.ts';
import { anExpectation, aSystem, idleLoad } from './testing.ts';

const fault = (name: string) => ({
  name,
  description: '',
  targets: [],
  inject: () => Promise.reject(new Error('unused')),
});

const remedy = (name: string) => ({
  name,
  description: '',
  targets: [],
  apply: () => Promise.reject(new Error('unused')),
});

describe('a scenario', () => {
  it('is a value that cannot be changed, without invariants unless it has some', () => {
    const value = scenario('the pool runs dry', { hypothesis: 'h', system: aSystem(), load: idleLoad, phases: [] });
    expect(value).toMatchObject({ name: 'the pool runs dry', invariants: [] });
    expect(Object.isFrozen(value)).toBe(true);
  });
});

describe('a phase', () => {
  it.each([
    [warmUp('1m'), { kind: 'warm-up', title: 'warm-up', durationMs: 60_000 }],
    [baseline('5m'), { kind: 'baseline', title: 'baseline', durationMs: 300_000 }],
    [during('10m', fault('killService'), fault('slowLink')), { kind: 'fault', title: 'killService and slowLink' }],
    [during('10m'), { kind: 'fault', title: 'under load', faults: [] }],
    [
      recovery('9m', remedy('raiseLimit')),
      { kind: 'recovery', title: 'recovery', faults: [], remedies: [{ name: 'raiseLimit' }] },
    ],
    [recovery('90s'), { kind: 'recovery', title: 'recovery', durationMs: 90_000 }],
  ])('%# has its kind, its title and its length', (phase, expected) => {
    expect(phase).toMatchObject({ ...expected, expectations: [] });
  });

  it('is copied, not changed, by what it expects and by other traffic', () => {
    const first = baseline('5m');
    const [a, b] = [anExpectation({ title: 'a' }), anExpectation({ title: 'b' })];
    const second = first.expect(a).under(idleLoad).expect(b);
    expect(first).toMatchObject({ expectations: [] });
    expect(first).not.toHaveProperty('load');
    expect(second.expectations).toEqual([a, b]);
    expect(second.load).toEqual([idleLoad]);
    expect(first.under([idleLoad, idleLoad]).load).toEqual([idleLoad, idleLoad]);
    expect(Object.isFrozen(second)).toBe(true);
  });

  it('tells chapters: expectations that carry their title, in the order they were written', () => {
    const [a, b, c] = [anExpectation({ title: 'a' }), anExpectation({ title: 'b' }), anExpectation({ title: 'c' })];
    const first = during('5m').chapter('The alert fires', a, b);
    const told = first.expect(c).chapter('The logs name the files', a);
    expect(told.expectations.map(({ title, chapter }) => [title, chapter])).toEqual([
      ['a', 'The alert fires'],
      ['b', 'The alert fires'],
      ['c', undefined],
      ['a', 'The logs name the files'],
    ]);
    expect([first.expectations.length, a.chapter]).toEqual([2, undefined]);
    expect(told.expectations[0]?.judge).toBe(a.judge);
  });

  it('has the load of the scenario where it has none of its own, and every load is known once', () => {
    const other = { ...idleLoad, description: 'somebody' };
    const [first, second] = [baseline('5m'), during('5m').under([idleLoad, other])];
    const whole = scenario('s', { hypothesis: 'h', system: aSystem(), load: idleLoad, phases: [first, second] });
    expect([loadOf(whole, first), loadOf(whole, second)]).toEqual([[idleLoad], [idleLoad, other]]);
    expect(loadsOf(whole)).toEqual([idleLoad, other]);
  });

  it('refuses a length that is none, with its name', () => {
    expect(() => baseline('-1m')).toThrow('the duration of baseline is "-1m"');
  });
});

describe('the message of what was thrown', () => {
  it.each([
    [new Error('a', { cause: new Error('b', { cause: 'c' }) }), 'a (b (c))'],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(''), 'TypeError'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('%# is for people', (error, message) => {
    expect(messageOf(error)).toBe(message);
  });
});
