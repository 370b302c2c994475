import { describe, expect, it } from 'vitest';
import { type Course, concludeRun } from './conclude.ts';
import type { Judgement } from './expectation.ts';
import type { Invariant } from './invariant.ts';
import type { JournalEvent } from './journal.ts';
import type { FullJudgement } from './judge.ts';
import { movementOf, presenceOf } from './plan.ts';
import { baseline, during, recovery } from './scenario.ts';
import {
  aJudgement,
  anAlert,
  anExpectation,
  aPlan,
  BASELINE,
  FAULT,
  faultEvent,
  points,
  RECOVERY,
  recordOf,
  rules,
  samples,
} from './testing.ts';

const REQUESTS = { name: 'requests_total', type: 'counter', labels: [] } as const;
const LATENCY = { name: 'latency_seconds', type: 'histogram', labels: [] } as const;
const phases = [baseline('5m').expect(anExpectation()), during('10m').expect(anExpectation()), recovery('10m')];
const plan = aPlan({
  phases,
  alerts: [anAlert('Down', { metrics: ['requests_total'] })],
  metrics: [REQUESTS, LATENCY],
});

const judged = (verdict: Judgement['verdict'], over: Partial<FullJudgement> = {}): FullJudgement => ({
  id: '1.0',
  kind: 'metric',
  phase: 1,
  title: 'errors rise',
  ...aJudgement(verdict),
  ...over,
});
const courseOf = (judgements: readonly FullJudgement[] = [judged('held')], over: Partial<Course> = {}): Course => ({
  phases: [
    { judgements: [], open: 0 },
    { judgements, open: 0 },
    { judgements: [], open: 0 },
  ],
  windows: [BASELINE, FAULT, RECOVERY],
  interrupted: false,
  troubled: false,
  ...over,
});
const seen = samples(presenceOf('requests_total'), points(0, 1_500, 1));
const calm: readonly JournalEvent[] = [...rules(1_500), seen];
const conclude = (course: Course, events: readonly JournalEvent[] = calm, on = plan) =>
  concludeRun(on, recordOf(events), course);
const silenceOf = (events: readonly JournalEvent[]) =>
  conclude(courseOf(), events).judgements.find(({ kind }) => kind === 'silence');

describe('the verdict of a run', () => {
  it('is held when every claim held and every other alert was silent', () => {
    const { verdict, sentence } = conclude(courseOf());
    expect(verdict).toBe('held');
    expect(sentence).toBe('Held: "the shop breaks": 1 expectation, 1 silent alert and 0 invariants.');
  });

  it.each<[string, Partial<Course>, string]>([
    [
      'interrupted',
      { interrupted: true },
      'Interrupted: "the shop breaks" was stopped before it could be judged; everything was put back.',
    ],
    ['troubled', { troubled: true }, 'Unknown: in "the shop breaks" the run did not get to its end.'],
    [
      'without all its phases',
      { phases: courseOf().phases.slice(0, 2) },
      'Unknown: in "the shop breaks" the run did not get to its end.',
    ],
  ])('is never held of a run that was %s', (_, over, sentence) => {
    expect(conclude(courseOf([judged('held')], over))).toMatchObject({ verdict: 'unknown', sentence });
  });

  it('is never held of a run in which nothing was judged', () => {
    expect(conclude({ ...courseOf(), phases: [], windows: [] }, [], aPlan({ phases })).verdict).toBe('unknown');
  });

  it('tells the finding when one claim broke, and the first of several', () => {
    expect(conclude(courseOf([judged('broken')])).sentence).toBe('Broken: in "the shop breaks" errors broken.');
    expect(conclude(courseOf([judged('broken'), judged('broken', { headline: 'b' })])).sentence).toBe(
      'Broken: in "the shop breaks" 2 claims did not hold, first: errors broken.',
    );
  });

  it('is broken rather than unknown when both are there', () => {
    expect(conclude(courseOf([judged('unknown'), judged('broken')])).verdict).toBe('broken');
    expect(conclude(courseOf([judged('unknown')]))).toMatchObject({
      verdict: 'unknown',
      sentence: 'Unknown: in "the shop breaks" 1 claim could not be decided, first: errors unknown.',
    });
  });
});

describe('silence, unasked', () => {
  it('holds for an alert that was evaluated throughout', () => {
    expect(silenceOf(calm)).toMatchObject({
      id: 'silence.Down',
      phase: null,
      verdict: 'held',
      received: 'silent in 101 evaluations',
      proves: { alert: 'Down', step: 'silent' },
    });
  });

  it('tells of an alert that was pending and did not fire', () => {
    expect(silenceOf([...rules(1_500, { Down: { pending: [330, 360] } }), seen])).toMatchObject({
      verdict: 'held',
      received: 'silent in 101 evaluations, pending for a while',
    });
  });

  it('is broken by an alert that fires, with the time since the fault', () => {
    const events = [...rules(1_500, { Down: { firing: [390, 420] } }), seen];
    expect(silenceOf(events)).toMatchObject({
      verdict: 'broken',
      headline: 'Down fired, which nobody expected',
      received: 'firing since +90s',
    });
    expect(conclude(courseOf(), events).verdict).toBe('broken');
  });

  it('is broken in the baseline too', () => {
    expect(silenceOf([...rules(1_500, { Down: { firing: [240, 270] } }), seen])?.received).toBe('firing since -60s');
  });

  it.each<[string, readonly JournalEvent[], string]>([
    ['its metric was never there', rules(1_500), 'its rule is blind: there is no series requests_total'],
    [
      'nothing was evaluated',
      [...rules(1_500, {}, { evaluated: -1 }), seen],
      'nothing shows that its rule was evaluated to the end',
    ],
    [
      'evaluation ended early',
      [...rules(1_500, {}, { evaluated: 900 }), seen],
      'nothing shows that its rule was evaluated to the end',
    ],
    ['evaluation failed', [...rules(1_500, {}, { failing: 600 }), seen], 'its rule could not be evaluated'],
  ])('is unknown where %s', (_, events, received) => {
    expect(silenceOf(events)).toMatchObject({ verdict: 'unknown', received });
  });

  it('is not held against an alert that may fire, which then proves nothing', () => {
    const allowing = aPlan({
      phases,
      alerts: plan.alerts,
      metrics: [REQUESTS, LATENCY],
      scenario: { mayFire: { Down: 'it is a slow machine' } },
    });
    const firing = [...rules(1_500, { Down: { firing: [390, 420] } }), seen];
    const [fired, silent] = [firing, calm].map((events) =>
      conclude(courseOf(), events, allowing).judgements.find(({ kind }) => kind === 'silence'),
    );
    const expected = 'silent, or firing: it is a slow machine';
    expect(fired).toMatchObject({ verdict: 'held', headline: 'Down fired, as it may', expected, proves: {} });
    expect(fired?.received).toBe('firing since +90s');
    expect(silent).toMatchObject({ verdict: 'held', title: 'Down stays silent', expected });
    expect(conclude(courseOf(), firing, allowing).verdict).toBe('held');
  });

  it('is not claimed of an alert that an expectation names', () => {
    const named = aPlan({
      alerts: plan.alerts,
      phases: [during('10m').expect(anExpectation({ deadline: 60_000, needs: { alerts: ['Down'] } }))],
    });
    expect(conclude(courseOf(), calm, named).judgements.filter(({ kind }) => kind === 'silence')).toEqual([]);
  });

  it('is claimed of an alert that is only expected to stay silent in one phase', () => {
    const silent = aPlan({
      alerts: plan.alerts,
      phases: [during('10m').expect(anExpectation({ needs: { alerts: ['Down'] } }))],
    });
    expect(conclude(courseOf(), calm, silent).judgements.filter(({ kind }) => kind === 'silence')).toHaveLength(1);
  });
});

describe('a fault without proof', () => {
  it('makes what did not react unknown, in its phase and those after it', () => {
    const judgements = [judged('broken', { phase: 0 }), judged('broken'), judged('broken', { phase: 2 })];
    const result = conclude(courseOf(judgements), [...calm, faultEvent('unproven')]);
    expect(result.judgements.slice(0, 3).map(({ verdict }) => verdict)).toEqual(['broken', 'unknown', 'unknown']);
    expect(result.judgements[1]?.received).toBe('some (but there is no proof that the fault took hold)');
  });

  it('is itself a judgement, so that a run in which all else held is not', () => {
    const result = conclude(courseOf(), [...calm, faultEvent('injected'), faultEvent('unproven')]);
    expect(result.judgements.filter(({ kind }) => kind === 'fault')).toMatchObject([
      { id: 'fault.0', phase: 1, verdict: 'unknown', headline: 'exhaustPool did not visibly take hold' },
    ]);
    expect(result.verdict).toBe('unknown');
  });

  it('is no matter once there is proof', () => {
    const result = conclude(courseOf([judged('broken')]), [...calm, faultEvent('proven')]);
    expect(result.verdict).toBe('broken');
    expect(result.judgements.find(({ kind }) => kind === 'fault')).toMatchObject({ verdict: 'held' });
  });
});

describe('invariants', () => {
  const conserved = (judge: Invariant['judge']): Invariant => ({ name: 'nothing lost', observe: () => ({}), judge });
  const observed: JournalEvent = {
    type: 'observation',
    at: RECOVERY.end,
    invariant: 'nothing lost',
    facts: { lost: 1 },
  };
  const withInvariant = (judge: Invariant['judge'], events: readonly JournalEvent[]) =>
    conclude(courseOf(), events, aPlan({ alerts: plan.alerts, phases, scenario: { invariants: [conserved(judge)] } }));

  it('are judged from what was observed', () => {
    const { judgements, verdict } = withInvariant(
      (facts) => aJudgement(facts.lost === 1 ? 'broken' : 'held'),
      [...calm, observed],
    );
    expect(judgements.at(-1)).toMatchObject({ id: 'invariant.nothing lost', kind: 'invariant', verdict: 'broken' });
    expect(verdict).toBe('broken');
  });

  it('are unknown when the books were not read', () => {
    expect(withInvariant(() => aJudgement('held'), calm).judgements.at(-1)).toMatchObject({
      verdict: 'unknown',
      received: 'the books were not read: the run did not get that far',
    });
  });

  it('are unknown where their judge crashes', () => {
    const crash = () => {
      throw new Error('lost is no number');
    };
    expect(withInvariant(crash, [...calm, observed]).judgements.at(-1)).toMatchObject({
      verdict: 'unknown',
      received: 'the judge failed: lost is no number',
    });
  });
});

describe('coverage', () => {
  const step = (name: NonNullable<Judgement['proves']['step']>, verdict: Judgement['verdict'] = 'held') =>
    judged(verdict, { kind: 'alert', proves: { alert: 'Slow', step: name } });

  it.each<[string, FullJudgement[], string[]]>([
    ['fired, notified and resolved', [step('fires'), step('notified'), step('resolves')], ['Slow']],
    ['fired and resolved, and told nobody', [step('fires'), step('resolves')], []],
    ['did not resolve', [step('fires'), step('notified'), step('resolves', 'broken')], []],
    ['was silent', [step('silent')], []],
  ])('has an alert that %s: %j', (_, judgements, alerts) => {
    expect(conclude(courseOf(judgements)).coverage.alerts).toEqual(alerts);
  });

  it('has the panels whose claims held', () => {
    const panel = (name: string, verdict: Judgement['verdict']) => judged(verdict, { proves: { panel: name } });
    expect(conclude(courseOf([panel('Pool', 'held'), panel('CPU', 'broken')])).coverage.panels).toEqual(['Pool']);
  });

  it('has the metrics that moved in what was judged, whatever their type', () => {
    const moving = (value: (second: number) => number) => [
      samples(movementOf(REQUESTS), points(0, 1_500, value)),
      samples(movementOf(LATENCY), points(0, 1_500, 7)),
    ];
    expect(conclude(courseOf(), [...calm, ...moving((second) => second)]).coverage.metrics).toEqual(['requests_total']);
    expect(conclude(courseOf(), [...calm, ...moving(() => 3)]).coverage.metrics).toEqual([]);
  });

  it('counts no movement of the warm-up', () => {
    const warm = { ...BASELINE, kind: 'warm-up' as const };
    const moved = samples(
      movementOf(REQUESTS),
      points(0, 1_500, (second) => Math.min(second, 200)),
    );
    expect(conclude(courseOf([], { windows: [warm, FAULT, RECOVERY] }), [...calm, moved]).coverage.metrics).toEqual([]);
  });
});
