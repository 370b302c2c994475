import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { rangeQuery } from './expectation.ts';
import type { Fault } from './fault.ts';
import type { Remedy } from './remedy.ts';
import { baseline, during, type Phase, recovery, warmUp } from './scenario.ts';
import { anAlert, anExpectation, aPlan, type PlanParts } from './testing.ts';

const brokenService = (target: string): Fault => ({
  name: 'killService',
  description: 'kills it',
  targets: [target],
  inject: () => Promise.reject(new Error('checking injects nothing')),
});
const mendedService = (target: string): Remedy => ({
  ...{ name: 'raiseLimit', description: 'raises it', targets: [target] },
  apply: () => Promise.reject(new Error('checking applies nothing')),
});
const fine: readonly Phase[] = [warmUp('5m'), baseline('5m'), during('10m').expect(anExpectation()), recovery('5m')];
const problems = (parts: PlanParts): string => {
  try {
    check(aPlan({ phases: fine, ...parts }));
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'SCENARIO_IMPOSSIBLE' });
    return error instanceof Error ? error.message : '';
  }
};
const claiming = (over: Parameters<typeof anExpectation>[0]): readonly Phase[] => [
  baseline('5m'),
  during('10m').expect(anExpectation(over)),
];

describe('check', () => {
  it('lets a possible scenario through', () => {
    expect(problems({})).toBe('');
  });

  it('refuses an empty list of loads', () => {
    expect(problems({ scenario: { load: [] } })).toContain('its list of loads is empty');
  });

  it('heads its list with the scenario and the speed, and reports each problem once', () => {
    const twice = anExpectation({ needs: { alerts: ['Slow'] } });
    expect(problems({ speed: 60, phases: [baseline('5m'), during('10m').expect(twice, twice)] })).toBe(
      'shop/breaks cannot come true at --speed 60:\n  - "errors rise": no rule file defines the alert \'Slow\'.',
    );
  });

  it.each<[string, PlanParts, string]>([
    ['expects nothing', { phases: [baseline('5m'), during('10m')] }, 'it expects nothing, so nothing can be proven'],
    [
      'expects something of its warm-up alone',
      { phases: [warmUp('5m').expect(anExpectation())] },
      'it expects nothing, so nothing can be proven',
    ],
    [
      'has a phase shorter than four scrapes',
      { phases: [...fine, recovery('19s')] },
      'phase 5 (recovery) lasts 19s, less than 4 scrapes (20s at this speed); make it longer.',
    ],
    [
      'breaks a service that is not there',
      { phases: [...fine, during('5m', brokenService('redis'))] },
      "phase 5 (killService): killService acts on 'redis', which shop does not have (app, postgres).",
    ],
    [
      'mends a service that is not there',
      { phases: [...fine, recovery('5m', mendedService('app'), mendedService('redis'))] },
      "phase 5 (recovery): raiseLimit acts on 'redis', which shop does not have (app, postgres).",
    ],
    [
      'compares with a baseline it does not have',
      { phases: [during('10m').expect(anExpectation({ needs: { baseline: true } }))] },
      'phase 1 (under load): "errors rise" compares with a baseline; put a baseline(…) phase before it.',
    ],
    [
      'compares its baseline with itself',
      { phases: [baseline('10m').expect(anExpectation({ needs: { baseline: true } }))] },
      'phase 1 (baseline): "errors rise" compares with a baseline; put a baseline(…) phase before it.',
    ],
    [
      'waits longer than the phase lasts',
      { phases: claiming({ deadline: 11 * 60_000 }) },
      'phase 2 (under load): "errors rise" has longer than the phase lasts (10m); shorten it or lengthen the phase.',
    ],
    [
      'has a deadline that the rule cannot keep',
      {
        phases: claiming({
          deadline: 300_000,
          floor: () => ({ scrape: 5_000, range: 120_000, evaluation: 15_000, for: 300_000, total: 440_000 }),
        }),
      },
      'phase 2 (under load): "errors rise" cannot be met: it takes at least 7m20s (scrape 5s, range 2m, evaluation 15s, for 5m). Allow more, or run slower.',
    ],
    [
      'misspells an alert',
      { phases: claiming({ needs: { alerts: ['Slo'] } }), alerts: [anAlert('Slow'), anAlert('Down')] },
      "\"errors rise\": no rule file defines the alert 'Slo'; did you mean 'Slow'?",
    ],
    [
      'lets an alert fire that there is not',
      { scenario: { mayFire: { Slo: 'why' } }, alerts: [anAlert('Slow')] },
      "mayFire: no rule file defines the alert 'Slo'; did you mean 'Slow'?",
    ],
    [
      'misspells a panel',
      {
        phases: claiming({ needs: { panels: [{ dashboard: 'Shop', panel: 'Poool' }] } }),
        panels: [{ dashboard: 'Shop', row: '', panel: 'Pool', unit: '', queries: [] }],
      },
      "\"errors rise\": no dashboard has the panel 'Shop / Poool'; did you mean 'Shop / Pool'?",
    ],
    [
      'names a panel of another dashboard',
      {
        phases: claiming({ needs: { panels: [{ dashboard: 'Elsewhere', panel: 'Pool' }] } }),
        panels: [{ dashboard: 'Shop', row: '', panel: 'Pool', unit: '', queries: [] }],
      },
      "no dashboard has the panel 'Elsewhere / Pool'",
    ],
    [
      'names a panel that asks nothing',
      {
        phases: claiming({ needs: { panels: [{ dashboard: 'Shop', panel: 'Pool' }] } }),
        panels: [{ dashboard: 'Shop', row: '', panel: 'Pool', unit: '', queries: [] }],
      },
      '"errors rise": no query of the panel \'Shop / Pool\' has an expression, so it can show nothing.',
    ],
    [
      'misspells a metric',
      {
        phases: claiming({ needs: { metrics: [{ name: 'request_total', labels: [] }] } }),
        metrics: [{ name: 'requests_total', type: 'counter', labels: ['code'] }],
      },
      "\"errors rise\": shop has no metric 'request_total'; did you mean 'requests_total'?",
    ],
    [
      'selects by a label that the metric does not have',
      {
        phases: claiming({ needs: { metrics: [{ name: 'requests_total', labels: ['status'] }] } }),
        metrics: [{ name: 'requests_total', type: 'counter', labels: ['code', 'method'] }],
      },
      '"errors rise": requests_total has no label \'status\' (it has code, method).',
    ],
    [
      'is run faster than its file allows',
      { speed: 31, scenario: { maxSpeed: 30 } },
      'it is sound up to --speed 30, as its file says.',
    ],
    [
      'has a rule whose meaning a scaled clock would change',
      { speed: 60, alerts: [anAlert('Slow', { expr: 'sum_over_time(x[5m]) > 3' })] },
      'sum_over_time() counts samples',
    ],
  ])('refuses a scenario that %s', (_, parts, message) => {
    expect(problems(parts)).toContain(message);
  });

  it('takes any label of a recorded metric', () => {
    const phases = claiming({ needs: { metrics: [{ name: 'job:errors:rate5m', labels: ['job'] }] } });
    expect(problems({ phases, metricLabels: new Map([['job:errors:rate5m', 'any']]) })).toBe('');
  });

  it('accepts a deadline that is the floor itself, and the length of the phase', () => {
    const floor = { scrape: 5_000, range: 0, evaluation: 15_000, for: 580_000, total: 600_000 };
    expect(problems({ phases: claiming({ deadline: 600_000, floor: () => floor }) })).toBe('');
  });

  it('reports all that is wrong at once', () => {
    const phases = [during('10s', brokenService('redis')).expect(anExpectation({ needs: { alerts: ['Slow'] } }))];
    expect(problems({ phases }).match(/^ {2}- /gm)).toHaveLength(3);
  });
});

describe('a range too short for the speed', () => {
  const rated = (range: string) => [anAlert('Slow', { expr: `rate(x[${range}]) > 1` })];

  it('is refused with the rule, its place and the highest speed at which it is sound', () => {
    expect(problems({ speed: 60, alerts: rated('30s') })).toContain(
      'rules/shop.yml:4 Slow: rate over [30s] would see fewer than 4 scrapes (one every 12s at this speed); the highest sound speed is 37.',
    );
  });

  it('is sound at the speed that was named, and at no whole speed above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 239 }), (seconds) => {
        const alerts = rated(`${seconds}s`);
        const named = Number(/highest sound speed is (\d+)/.exec(problems({ speed: 300, alerts }))?.[1]);
        expect(problems({ speed: named, alerts })).toBe('');
        expect(problems({ speed: named + 1, alerts })).toContain(`highest sound speed is ${named}.`);
      }),
    );
  });

  it('says so where no speed is slow enough', () => {
    expect(problems({ speed: 10, alerts: rated('15s') })).toContain(
      'rate over [15s] would see fewer than 4 scrapes (one every 5s at this speed) at any speed; make it 20s or longer.',
    );
  });

  it('is found in recorded rules, panels and claims too, and does not matter to functions that one sample satisfies', () => {
    const expr = 'increase(x[15s])';
    const query = { ...rangeQuery(expr), legend: '' };
    const rule = anAlert('unused', { expr });
    expect(problems({ recordings: [{ ...rule, record: 'job:x:rate' }] })).toContain(
      'rules/shop.yml:4 job:x:rate: increase',
    );
    expect(problems({ panels: [{ dashboard: 'Shop', row: '', panel: 'Pool', unit: '', queries: [query] }] })).toContain(
      'the panel Pool: increase',
    );
    expect(problems({ phases: claiming({ queries: () => [query] }) })).toContain('"errors rise": increase');
    expect(problems({ alerts: [anAlert('Slow', { expr: 'max_over_time(x[15s]) > 1' })] })).toBe('');
  });
});
