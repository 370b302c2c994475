import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { constantRate, type RatePlan, rampingRate, schedule } from './schedule.ts';

const rates = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 500, noNaN: true }));
const plans = fc.record({
  from: rates,
  stages: fc.array(fc.record({ to: rates, overMs: fc.integer({ min: 0, max: 60_000 }) }), { maxLength: 4 }),
});

const due = (plan: RatePlan, count: number, speed = 1) => {
  const { dueAt } = schedule(plan, speed);
  return Array.from({ length: count }, (_, index) => dueAt(index));
};

describe('a constant rate', () => {
  test('spaces arrivals evenly', () => {
    expect(due(constantRate('80/s'), 4)).toEqual([12.5, 25, 37.5, 50]);
    expect(due(constantRate('30/m'), 2)).toEqual([2000, 4000]);
  });
  test('is not scaled by speed', () => {
    expect(due(constantRate('80/s'), 4, 60)).toEqual([12.5, 25, 37.5, 50]);
  });
  test('refuses what is no rate', () => {
    // @ts-expect-error a bare number is no rate
    expect(() => constantRate('80')).toThrow("the arrival rate is \"80\"; expected a rate such as '80/s' or '30/m'.");
    expect(() => constantRate('0/s')).toThrow('expected more than nothing');
  });
});

describe('a ramp', () => {
  test('from nothing to 100/s over 2 s holds 100 arrivals, a quarter of them in the first half', () => {
    const arrivals = due(rampingRate([{ to: '100/s', over: '2s' }]), 100);
    expect(arrivals.filter((at) => at <= 1000)).toHaveLength(25);
    expect(arrivals.at(-1)).toBeCloseTo(2000);
  });
  test('keeps its last rate', () => {
    const { dueAt } = schedule(rampingRate([{ to: '100/s', over: '2s' }]), 1);
    expect(dueAt(200) - dueAt(199)).toBeCloseTo(10);
  });
  test('is shortened by speed, its rates are not', () => {
    const { dueAt } = schedule(rampingRate([{ to: '100/s', over: '2m' }]), 60);
    expect(dueAt(99)).toBeCloseTo(2000);
    expect(dueAt(200) - dueAt(199)).toBeCloseTo(10);
  });
  test('down to nothing ends', () => {
    const { dueAt } = schedule(rampingRate([{ to: '0/s', over: '2s' }], '100/s'), 1);
    expect(dueAt(99)).toBeCloseTo(2000);
    expect(dueAt(100)).toBe(Number.POSITIVE_INFINITY);
  });
  test('refuses bad stages by their number', () => {
    expect(() => rampingRate([])).toThrow('ramping() got no stages');
    // @ts-expect-error a misspelt duration
    expect(() => rampingRate([{ to: '1/s', over: '2x' }])).toThrow('stage 1 of the ramp: over is "2x"');
  });
});

test('arrivals come in order, and each when the integral of the rate passes a whole number', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const { dueAt, expectedBy } = schedule(plan, 1);
      let before = 0;
      for (let index = 0; index < 300; index++) {
        const at = dueAt(index);
        expect(at).toBeGreaterThanOrEqual(before);
        if (at === Number.POSITIVE_INFINITY) break;
        expect(expectedBy(at)).toBeCloseTo(index + 1, 5);
        before = at;
      }
    }),
  );
});

test('an arrival can be asked for in any order', () => {
  fc.assert(
    fc.property(plans, fc.array(fc.nat(500), { maxLength: 30 }), (plan, indexes) => {
      const shared = schedule(plan, 1);
      for (const index of indexes) expect(shared.dueAt(index)).toBe(schedule(plan, 1).dueAt(index));
    }),
  );
});
