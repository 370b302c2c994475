import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from './clock.ts';
import { makePlan, movementOf, onTheClock, type Plan } from './plan.ts';
import { scenario } from './scenario.ts';
import { aSystem, idleLoad } from './testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const METRICS = [
  { name: 'latency_seconds', type: 'histogram', labels: ['handler'] },
  { name: 'requests_total', type: 'counter', labels: ['code'] },
] as const;

const RULES = `
groups:
  - name: recorded
    interval: 30s
    rules:
      - { record: job:requests:rate2m, expr: 'sum(rate(requests_total[2m]))' }
  - name: alerts
    rules:
      - { record: job:errors:rate5m, expr: 'sum(rate(requests_total{code=~"5.."}[5m]))' }
      - { alert: Plain, expr: up == 0, for: 1m, labels: { severity: critical }, annotations: { summary: It is down } }
      - { alert: Ranged, expr: 'rate(requests_total[1m]) == 0', for: 2m }
      - { alert: SameGroup, expr: 'job:errors:rate5m > 1' }
      - { alert: OtherGroup, expr: 'job:requests:rate2m < 1 and up == 1', keep_firing_for: 3m }
`;

async function planOf(
  over: { readonly speed?: number; readonly alertmanager?: string; readonly rules?: string } = {},
): Promise<Plan> {
  const put = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const target = { expr: 'rate(requests_total{code=~"$code"}[$__rate_interval])', legendFormat: 'all' };
  const dashboard = {
    title: 'Shop',
    panels: [{ type: 'timeseries', title: 'Requests', targets: [target] }],
    templating: { list: [{ name: 'code' }] },
  };
  const monitoring = {
    prometheusConfig: await put('prometheus.yml', 'global: { evaluation_interval: 15s }'),
    alertmanagerConfig: await put('alertmanager.yml', over.alertmanager ?? 'route: { receiver: x }'),
    ruleFiles: [await put('rules.yml', over.rules ?? RULES)],
    dashboardFiles: [await put('dashboard.json', JSON.stringify(dashboard))],
    metrics: METRICS,
  };
  const system = { ...aSystem(), monitoring };
  return makePlan(
    'shop/breaks',
    scenario('s', { hypothesis: 'h', system, load: idleLoad, phases: [] }),
    createClock(over.speed ?? 1),
  );
}
const alertOf = (plan: Plan, name: string) => plan.alerts.find((alert) => alert.name === name);

describe('the floor of an alert', () => {
  it.each([
    ['Plain', { scrape: 5_000, range: 0, evaluation: 15_000, for: 60_000, total: 80_000 }],
    ['Ranged', { scrape: 5_000, range: 60_000, evaluation: 15_000, for: 120_000, total: 200_000 }],
    ['SameGroup', { scrape: 5_000, range: 300_000, evaluation: 15_000, for: 0, total: 320_000 }],
    ['OtherGroup', { scrape: 5_000, range: 120_000, evaluation: 45_000, for: 0, total: 170_000 }],
  ])('%s: scrape, ranges, evaluations and for', async (name, floor) => {
    expect(alertOf(await planOf(), name)?.floor).toEqual(floor);
  });

  it('has the intervals that the speed allows, in scenario time', async () => {
    const plan = await planOf({ speed: 60 });
    expect(plan.intervals).toMatchObject({ scrape: 12_000, evaluation: 15_000 });
    expect(alertOf(plan, 'Plain')?.floor).toMatchObject({ scrape: 12_000, total: 87_000 });
  });

  it('comes to an end although recorded metrics go round in circles', async () => {
    const rules = `groups: [{ name: g, rules: [{ record: a, expr: b }, { record: b, expr: a }, { alert: X, expr: a > 1 }] }]`;
    expect(alertOf(await planOf({ rules }), 'X')).toMatchObject({ floor: { total: 20_000 }, metrics: [] });
  });
});

describe('a plan', () => {
  it('knows the alerts with what they read, through recorded metrics', async () => {
    const plan = await planOf();
    expect(alertOf(plan, 'Plain')).toMatchObject({ severity: 'critical', summary: 'It is down', metrics: ['up'] });
    expect(alertOf(plan, 'OtherGroup')).toMatchObject({ keepFiringForMs: 180_000, metrics: ['requests_total', 'up'] });
  });

  it('knows every name and label a query can use', async () => {
    const { metricLabels } = await planOf();
    expect(metricLabels.get('latency_seconds_bucket')).toEqual(new Set(['handler', 'job', 'instance', 'le']));
    expect(metricLabels.get('requests_total')).toEqual(new Set(['code', 'job', 'instance']));
    expect(metricLabels.get('job:errors:rate5m')).toBe('any');
    expect(metricLabels.get('nothing')).toBeUndefined();
  });

  it.each([
    [1, 'rate(requests_total{code=~".*"}[20s])', 'rate(requests_total{code=~".*"}[20s])'],
    [60, 'rate(requests_total{code=~".*"}[48s])', 'rate(requests_total{code=~".*"}[800ms])'],
  ])('at speed %d asks what the panel asks, over four scrapes', async (speed, expr, asked) => {
    const plan = await planOf({ speed });
    const query = plan.panels[0]?.queries[0];
    expect(query).toMatchObject({ expr, legend: 'all', mode: 'range' });
    expect(query && onTheClock(plan, query)).toBe(asked);
  });

  it.each([
    ['the defaults', 'route: { receiver: x }', 30_000, 300_000],
    ['its own', 'route: { group_wait: 10s, group_interval: 1m }', 10_000, 60_000],
    [
      'the longest in the tree',
      'route: { group_wait: 10s, routes: [{}, { group_wait: 20s, group_interval: 6m }] }',
      20_000,
      360_000,
    ],
  ])('waits with Alertmanager as long as %s', async (_, alertmanager, groupWait, groupInterval) => {
    expect((await planOf({ alertmanager })).intervals).toMatchObject({ groupWait, groupInterval });
  });

  it('looks at least a minute back, and at five scrapes', async () => {
    expect((await planOf()).window).toBe('1m');
    expect((await planOf({ speed: 120 })).window).toBe('2m');
  });

  it('sees a histogram move by its count', () => {
    expect(METRICS.map((metric) => movementOf(metric).expr)).toEqual([
      'sum(latency_seconds_count)',
      'sum(requests_total)',
    ]);
  });
});
