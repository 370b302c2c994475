import { describe, expect, it } from 'vitest';
import { rangeQuery } from '../harness/expectation.ts';
import type { Point } from '../harness/journal.ts';
import { aPlan, points, samples } from '../harness/testing.ts';
import { panel } from './panel.ts';
import { judged, PLAN } from './testing.ts';

const active = { ...rangeQuery('db_connections_active'), legend: 'active' };
const idle = { ...rangeQuery('avg_over_time(db_connections_idle[2m])'), legend: 'idle' };
const other = { ...rangeQuery('process_cpu_seconds_total'), legend: '' };
const plan = aPlan({
  panels: [
    { dashboard: 'Flash Sale', row: 'Pool', panel: 'Connection pool', unit: 'short', queries: [active, idle] },
    { dashboard: 'Flash Sale', row: 'App', panel: 'CPU', unit: 'percentunit', queries: [other] },
  ],
});
const pool = panel('Flash Sale', 'Connection pool');
const drawn = (onActive: readonly Point[], onIdle: readonly Point[]) => [
  samples(active, onActive, 900),
  samples(idle, onIdle, 900),
];
const steady = points(0, 900, 8);
const step = points(0, 900, (second) => (second < 330 ? 8 : 80));
const judge = (claim: Parameters<typeof judged>[0], events: Parameters<typeof judged>[1]) =>
  judged(claim, events, undefined, plan);

describe('a claim about a panel', () => {
  it('asks what the panel asks, and waits for the longest range in it', () => {
    const claim = pool.rises().within('5m');
    expect(claim.queries(plan)).toEqual([active, idle]);
    expect(claim.floor(plan)).toMatchObject({ range: 120_000, total: 125_000 });
    expect(pool.legend('active').rises().within('5m').floor(plan)?.range).toBe(0);
    expect(claim.needs.panels).toMatchObject([{ dashboard: 'Flash Sale', panel: 'Connection pool' }]);
  });

  it('asks nothing of a dashboard that does not have it, which check refuses', () => {
    expect(pool.rises().within('5m').queries(PLAN)).toEqual([]);
  });

  it('holds when one of its lines moves, and proves the panel', () => {
    expect(judge(pool.rises().within('5m'), drawn(steady, step))).toMatchObject({
      verdict: 'held',
      received: '80 at +30s, from a baseline of 6 to 10',
      proves: { panel: 'Connection pool' },
    });
  });

  it.each([
    ['idle', 'held'],
    ['active', 'broken'],
  ] as const)('looks at the line %s alone where it is asked to: %s', (legend, verdict) => {
    expect(judge(pool.legend(legend).reacts().within('5m'), drawn(steady, step)).verdict).toBe(verdict);
  });

  it('falls, and returns', () => {
    const fall = points(0, 900, (second) => (second < 330 ? 8 : 1));
    expect(judge(pool.falls().within('5m'), drawn(steady, fall)).verdict).toBe('held');
    expect(judge(pool.returns().within('5m'), drawn(steady, steady)).verdict).toBe('held');
    expect(
      judge(pool.returns().within('5m'), drawn(steady, points(0, 299, 8).concat(points(300, 900, 80)))).verdict,
    ).toBe('broken');
  });
});

describe('a panel that has data', () => {
  it('holds with samples in the phase, and proves nothing: it need not react', () => {
    expect(judge(pool.hasData(), drawn(steady, []))).toMatchObject({
      verdict: 'held',
      received: '121 samples in 1 series',
      proves: {},
    });
  });

  it('is broken when it is empty, which is what a viewer would see', () => {
    expect(judge(pool.hasData(), drawn([], [])).verdict).toBe('broken');
    expect(judge(pool.hasData(), drawn(points(0, 295, 8), [])).headline).toBe('panel "Connection pool" is empty');
  });

  it('is unknown when nobody asked for it up to the end', () => {
    expect(judge(pool.hasData(), []).verdict).toBe('unknown');
    expect(judge(pool.hasData(), [samples(active, [], 320), samples(idle, [], 320)]).verdict).toBe('unknown');
  });
});
