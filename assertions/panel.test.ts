import { describe, expect, it } from 'vitest';
import { rangeQuery } from '../harness/expectation.ts';
import type { Point } from '../harness/journal.ts';
import { aPlan, FAULT, points, samples } from '../harness/testing.ts';
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

describe('a panel that one of its series dominates', () => {
  const reasons = { ...rangeQuery('sum by (reason) (rate(failures_total[1m]))'), legend: '{{reason}}' };
  const broken = aPlan({
    panels: [{ dashboard: 'Flash Sale', row: '', panel: 'Connection pool', unit: 'short', queries: [reasons] }],
  });
  const claim = pool.dominatedBy({ reason: 'timeout' }).within('5m');
  const drawing = (series: Readonly<Record<string, readonly Point[]>>, until = 900) => [
    samples(reasons, [], until),
    ...Object.entries(series).map(([reason, drawn]) => samples(reasons, drawn, until, { reason })),
  ];
  const judging = (events: Parameters<typeof judged>[1]) => judged(claim, events, undefined, broken);
  const from = (second: number, before: number, after: number, to = 900) =>
    points(0, to, (at) => (at < second ? before : after));

  it('holds from the first of three samples in a row, and proves nothing: it need not have moved', () => {
    const events = drawing({ timeout: from(330, 0, 3), invalid: points(0, 900, 1), none: [] });
    expect(judging(events)).toMatchObject({
      verdict: 'held',
      headline: 'panel "Connection pool" is dominated by reason="timeout"',
      received: 'reason="timeout" has 75% at +30s, 75% at the most',
      decidedAt: FAULT.start + 30_000,
      chart: { keys: [reasons.key], unit: 'short' },
      proves: {},
    });
  });

  it('is no spike of two samples, and no half', () => {
    const spike = points(0, 900, (at) => (at === 400 || at === 405 ? 9 : 0));
    expect(judging(drawing({ timeout: spike, invalid: points(0, 900, 1) })).verdict).toBe('broken');
    expect(judging(drawing({ timeout: points(0, 900, 1), invalid: points(0, 900, 1) }))).toMatchObject({
      verdict: 'broken',
      headline: 'panel "Connection pool" was not dominated by reason="timeout"',
      received: 'at its most, +0s, reason="timeout" has 50% and reason="invalid" has 50%',
    });
  });

  it('is broken where another leads, which it names with its share', () => {
    expect(judging(drawing({ timeout: points(0, 900, 1), invalid: points(0, 900, 3) }))).toMatchObject({
      verdict: 'broken',
      headline: 'panel "Connection pool" is led by reason="invalid", not by reason="timeout"',
      received: 'at its most, +0s, reason="timeout" has 25% and reason="invalid" has 75%',
    });
    expect(judging(drawing({ invalid: points(0, 900, 3) })).headline).toMatch(/led by reason="invalid"/);
  });

  it('is broken where it comes too late, and where nothing is drawn but zeroes', () => {
    expect(judging(drawing({ timeout: from(610, 0, 9), invalid: points(0, 900, 1) })).verdict).toBe('broken');
    expect(judging(drawing({ timeout: points(0, 900, 0), invalid: points(0, 900, 0) }))).toMatchObject({
      verdict: 'broken',
      received: 'every series is 0',
    });
  });

  it('is unknown without data, and where nobody asked up to the deadline', () => {
    expect(judging(drawing({})).verdict).toBe('unknown');
    expect(judging(drawing({ timeout: points(0, 900, Number.NaN) })).verdict).toBe('unknown');
    expect(judging(drawing({ timeout: points(0, 400, 1), invalid: points(0, 400, 3) }, 400)).verdict).toBe('unknown');
  });

  it('may be several series at once, where they have the label in common', () => {
    const stage = (name: string, reason: string, value: number) =>
      samples(reasons, points(0, 900, value), 900, { reason, stage: name });
    expect(
      judging([stage('ffmpeg', 'timeout', 2), stage('upload', 'timeout', 2), stage('ffmpeg', 'invalid', 3)]),
    ).toMatchObject({ verdict: 'held', received: expect.stringContaining('57.1%') });
  });
});
