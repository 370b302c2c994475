import { expect, test } from 'vitest';
import { eventSchema, type JournalEvent } from '../harness/journal.ts';
import { statistics } from './model/panels.ts';
import { runReport } from './model.ts';
import { runJsonSchema } from './run-json.ts';
import { hostileRun, killedRun, sampleRun } from './sample.ts';
import { ALERTS, PANELS } from './sample-system.ts';

const held = runReport(sampleRun('held'));
const broken = runReport(sampleRun('broken'));
const without = (drop: (event: JournalEvent) => boolean) =>
  runReport(sampleRun('held').filter((event) => !drop(event)));

test.each(['held', 'broken', 'quiet'] as const)('the %s sample is a journal that the schema accepts', (variant) => {
  for (const event of sampleRun(variant)) expect(eventSchema.safeParse(event).error).toBeUndefined();
});

test.each([
  ['held', held],
  ['broken', broken],
  ['quiet', runReport(sampleRun('quiet'))],
  ['killed', runReport(killedRun())],
  ['hostile', runReport(hostileRun())],
])('the report of the %s sample fits the schema of run.json', (_, report) => {
  expect(runJsonSchema.safeParse(report).error).toBeUndefined();
});

test('scenario offsets count from the fault, times the speed; real ones from the start of the run', () => {
  const [warmUp, baseline, fault] = held.phases;
  expect(warmUp?.from).toMatchObject({ realMs: 1_900, scenarioMs: -360_000 });
  expect(baseline?.from).toMatchObject({ realMs: 2_900, scenarioMs: -300_000 });
  expect(fault?.from).toMatchObject({ realMs: 7_900, scenarioMs: 0 });
  expect(held.origin.what).toBe('fault');
});

test('a run without a fault counts from its first phase', () => {
  const quiet = runReport(sampleRun('quiet'));
  expect(quiet.origin.what).toBe('start');
  expect(quiet.phases[0]?.from?.scenarioMs).toBe(0);
  expect(quiet.faults).toEqual([]);
});

test('a fault has its window, its proof and what is done', () => {
  expect(held.faults).toEqual([
    expect.objectContaining({
      name: 'exhaustPool',
      from: expect.objectContaining({ scenarioMs: 0 }),
      to: expect.objectContaining({ scenarioMs: 525_000 }),
      proof: { state: 'proven', detail: '10 sessions wait on Lock (pg_stat_activity)' },
      failure: null,
    }),
  ]);
});

test.each([
  ['failed', 'Injecting failed: no route'],
  ['heal-failed', 'Healing failed: no route'],
] as const)('a fault that %s says so', (state, text) => {
  const events = sampleRun('held').map((event): JournalEvent => {
    const replaced = state === 'failed' ? 'injected' : 'healed';
    return event.type === 'fault' && event.state === replaced ? { ...event, state, detail: 'no route' } : event;
  });
  expect(runReport(events).faults[0]?.failure).toBe(text);
});

test('alert states become bands that follow one another', () => {
  const alert = held.alerts.find(({ name }) => name === 'FlashSaleDatabaseConnectionsExhausted');
  expect(alert?.bands.map(({ state, from, to, open }) => [state, from.scenarioMs, to.scenarioMs, open])).toEqual([
    ['pending', 60_000, 375_000, false],
    ['firing', 375_000, 570_000, false],
  ]);
  expect(held.alerts.map(({ name }) => name)).toEqual(ALERTS.map(({ name }) => name));
});

test('an alert nobody saw end stays open to the end of the record', () => {
  const alert = runReport(killedRun(12_000)).alerts.find(({ name }) => name === 'FlashSaleHighLatency');
  expect(alert?.bands).toEqual([expect.objectContaining({ state: 'pending', open: true })]);
});

test('judgements stand under their phases in order, those over the whole run last', () => {
  expect(broken.judgements.map(({ phase, title }) => [phase, title])).toEqual([
    [1, 'baseline'],
    [2, 'fault: exhaustPool'],
    [3, 'recovery'],
    [null, 'over the whole run'],
  ]);
  expect(broken.counts).toEqual({ held: 15, broken: 2, unknown: 2 });
});

test('a detection tells firing, excess over the floor and resolution in scenario time', () => {
  expect(held.detections[1]).toMatchObject({
    alert: 'FlashSaleHighLatency',
    firingMs: 420_000,
    excessMs: 420_000 - 387_000,
    notifiedMs: 435_600,
    resolvedMs: 90_000,
  });
  expect(broken.detections[0]).toMatchObject({ firing: null, firingMs: null, excessMs: null, resolvedMs: null });
});

test('a panel has numbers before, during and after for each of its series', () => {
  const pool = held.panels.find(({ panel }) => panel === 'Connection pool');
  expect(pool?.series.map(({ name, before, during, after }) => [name, before?.max, during?.max, after?.last])).toEqual([
    ['active', 3.1, 10, 3.1],
    ['idle', 6.9, 6.67, 6.9],
    ['max', 10, 10, 10],
  ]);
  expect(pool?.verdict).toBe('held');
  expect(broken.panels.find(({ panel }) => panel === 'Error rate breakdown')?.verdict).toBe('unknown');
  expect(held.panels).toHaveLength(PANELS.length);
});

test('no samples in a span are no statistics, not zeroes', () => {
  const points: [number, number][] = [
    [10, 1],
    [20, Number.NaN],
    [30, 5],
  ];
  expect(statistics(points, [{ from: 0, to: 5 }])).toBeNull();
  expect(statistics(points, [])).toBeNull();
  expect(statistics(points, [{ from: 0, to: 31 }])).toEqual({ samples: 2, mean: 3, min: 1, max: 5, last: 5 });
  expect(without(({ type }) => type === 'samples').panels.every(({ series }) => series.length === 0)).toBe(true);
});

test('a journal that ends early is unknown and says when and where it stopped', () => {
  const killed = runReport(killedRun(12_000));
  expect(killed).toMatchObject({ verdict: 'unknown', complete: false, exitCode: null });
  expect(killed.sentence).toMatch(/^The run stopped 11\.9 s in, during fault \(\+4m\), before anything was judged/);
});

test('a killed run is unknown even where everything judged by then had held', () => {
  const report = without(({ type }) => type === 'end');
  expect(report).toMatchObject({ verdict: 'unknown', complete: false, counts: { held: 19, broken: 0, unknown: 0 } });
  expect(report.coverage.alerts).toEqual(['FlashSaleDatabaseConnectionsExhausted']);
});

test('a run killed while it booted still has a report', () => {
  const report = runReport(sampleRun('held').slice(0, 1));
  expect(report.sentence).toContain('while it was booting');
  expect(report.span.from).toEqual(report.span.to);
});

test('samples that arrive in parcels become one series, and a repeated time counts once', () => {
  const [run, ...rest] = sampleRun('quiet');
  if (run === undefined) throw new Error('the sample is empty');
  const parcel = (points: [number, number][]): JournalEvent => {
    return { type: 'samples', at: run.at, until: run.at, key: 'k', series: [{ labels: { b: '1', a: '2' }, points }] };
  };
  const turned: JournalEvent = {
    ...{ type: 'samples', at: run.at, until: run.at, key: 'k' },
    series: [{ labels: { a: '2', b: '1' }, points: [[3, 30]] }],
  };
  const report = runReport([
    run,
    parcel([
      [1, 10],
      [2, 20],
    ]),
    parcel([[2, 21]]),
    turned,
    ...rest,
  ]);
  expect(report.series.get('k')).toEqual([
    {
      labels: { b: '1', a: '2' },
      points: [
        [1, 10],
        [2, 21],
        [3, 30],
      ],
    },
  ]);
});

test('a journal cut off in its last line says so among the troubles', () => {
  const report = runReport(killedRun(), { cutOffAt: 71 });
  expect(report.troubles.at(-1)).toMatchObject({
    code: 'JOURNAL_CUT_OFF',
    message: expect.stringContaining('Line 71'),
  });
});

test('what does not begin with a run is refused', () => {
  expect(() => runReport([])).toThrow('A journal begins with a "run" event; got no events.');
});
