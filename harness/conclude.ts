/** What came of a run: every judgement, the detection latencies, the coverage and the verdict. Pure. */
import { alertHistory, blindSpots, evaluatedThrough } from './alert-history.ts';
import { type Detection, detectionsIn } from './detection.ts';
import { messageOf } from './errors.ts';
import type { Judgement, PhaseWindow } from './expectation.ts';
import { GRAFANA_AGREES, judgeGrafana } from './grafana.ts';
import type { Invariant } from './invariant.ts';
import type { EventOf } from './journal.ts';
import type { FullJudgement, PhaseResult } from './judge.ts';
import { loadJudgements } from './load-judge.ts';
import { movementOf, type Plan, type PlannedAlert, presenceOf } from './plan.ts';
import type { RunRecord } from './record.ts';
import { overall, type Verdict } from './verdict.ts';

export interface Course {
  readonly phases: readonly PhaseResult[];
  readonly windows: readonly PhaseWindow[];
  readonly interrupted: boolean;
  /** Something of ours failed: whatever is not broken is unknown. */
  readonly troubled: boolean;
}

export interface Conclusion {
  readonly judgements: readonly FullJudgement[];
  readonly detections: readonly Detection[];
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly coverage: EventOf<'end'>['coverage'];
}

export function concludeRun(plan: Plan, record: RunRecord, course: Course): Conclusion {
  const unproven = new Set(record.faults.filter(({ state }) => state === 'unproven').map(({ phase }) => phase));
  const expectations = course.phases
    .flatMap((phase) => phase.judgements)
    .map((judgement) => withoutProof(judgement, unproven))
    .map((judgement) => withoutSight(judgement, plan, record, course.windows));
  const judgements = [
    ...expectations,
    ...faultJudgements(record),
    ...silenceJudgements(plan, record, course.windows),
    ...invariantJudgements(plan, record),
    ...judgeGrafana(record.observations.get(GRAFANA_AGREES)),
    ...loadJudgements(record.totals),
  ];
  const complete = course.phases.length === plan.scenario.phases.length && !course.interrupted && !course.troubled;
  const verdict = overall([
    ...judgements.map((judgement) => judgement.verdict),
    ...(complete ? [] : (['unknown'] as const)),
  ]);
  return {
    judgements,
    detections: detectionsIn(plan, record, course.windows),
    verdict,
    sentence: sentenceOf(plan, course, judgements, verdict),
    coverage: {
      alerts: provenAlerts(judgements),
      panels: held(judgements).flatMap(({ proves }) => proves.panel ?? []),
      metrics: movedMetrics(plan, record, course.windows),
    },
  };
}

/** Without proof that the fault took hold, what did not react is no finding. */
function withoutProof(judgement: FullJudgement, unproven: ReadonlySet<number>): FullJudgement {
  const inDoubt = judgement.phase !== null && [...unproven].some((phase) => phase <= (judgement.phase ?? -1));
  if (!inDoubt || judgement.verdict !== 'broken') return judgement;
  return {
    ...judgement,
    verdict: 'unknown',
    received: `${judgement.received} (but there is no proof that the fault took hold)`,
  };
}

/** An alert whose metrics nobody exposes was silent because it is blind. */
function withoutSight(
  judgement: FullJudgement,
  plan: Plan,
  record: RunRecord,
  windows: readonly PhaseWindow[],
): FullJudgement {
  const alert = plan.alerts.find(({ name }) => name === judgement.proves.alert);
  const [first, last] = [windows.find(Boolean), windows.at(-1)];
  if (judgement.proves.step !== 'silent' || judgement.verdict !== 'held' || !alert || !first || !last) return judgement;
  const blind = blindSpots(record, alert, presenceOf, first.start, last.end);
  return blind.length === 0
    ? judgement
    : { ...judgement, verdict: 'unknown', received: `its rule is blind: there is no series ${blind.join(', ')}` };
}

function faultJudgements(record: RunRecord): FullJudgement[] {
  return record.faults
    .filter(({ state }) => state === 'proven' || state === 'unproven')
    .map(({ phase, name, state, detail, at }, index) => ({
      id: `fault.${index}`,
      kind: 'fault',
      phase,
      title: `${name} took hold`,
      verdict: state === 'proven' ? 'held' : 'unknown',
      headline: state === 'proven' ? `${name} took hold` : `${name} did not visibly take hold`,
      expected: 'evidence from somewhere other than the metrics under test',
      received: detail,
      timeline: [],
      decidedAt: at,
      proves: {},
    }));
}

/** Every alert that no expectation names must stay silent from the first judged phase to the end. */
function silenceJudgements(plan: Plan, record: RunRecord, windows: readonly PhaseWindow[]): FullJudgement[] {
  const named = namedAlerts(plan);
  const judged = windows.filter((window) => window !== undefined && window.kind !== 'warm-up');
  const [first, last] = [judged[0], judged.at(-1)];
  if (!first || !last) return [];
  return plan.alerts
    .filter(({ name }) => !named.has(name))
    .map((alert) => {
      const history = alertHistory(plan, record, alert.name, first.start, last.end);
      const fired = history.firing[0];
      const blind = blindSpots(record, alert, presenceOf, first.start, last.end);
      const allowed = plan.scenario.mayFire?.[alert.name];
      if (fired && allowed !== undefined)
        return allowedToFire(alert, allowed, fired.at, offset(plan, windows, fired.at));
      const [verdict, received] = fired
        ? (['broken', `firing since ${offset(plan, windows, fired.at)}`] as const)
        : blind.length > 0
          ? (['unknown', `its rule is blind: there is no series ${blind.join(', ')}`] as const)
          : !evaluatedThrough(plan, history, last.end)
            ? ([
                'unknown',
                history.failed
                  ? 'its rule could not be evaluated'
                  : 'nothing shows that its rule was evaluated to the end',
              ] as const)
            : ([
                'held',
                `silent in ${history.evaluations.length} evaluations${history.pending.length > 0 ? ', pending for a while' : ''}`,
              ] as const);
      return {
        id: `silence.${alert.name}`,
        kind: 'silence',
        phase: null,
        title: `${alert.name} stays silent`,
        verdict,
        headline: verdict === 'broken' ? `${alert.name} fired, which nobody expected` : `${alert.name} stays silent`,
        expected:
          allowed === undefined ? 'silent: no expectation of the scenario names it' : `silent, or firing: ${allowed}`,
        received,
        query: alert.expr,
        timeline: fired ? [{ at: fired.at, what: 'firing' }] : [],
        proves: { alert: alert.name, step: 'silent' as const },
      };
    });
}

/** Shows nothing of the alert: it need not have fired. */
const allowedToFire = ({ name, expr }: PlannedAlert, reason: string, at: number, since: string): FullJudgement => ({
  id: `silence.${name}`,
  kind: 'silence',
  phase: null,
  title: `${name} may fire`,
  verdict: 'held',
  headline: `${name} fired, as it may`,
  expected: `silent, or firing: ${reason}`,
  received: `firing since ${since}`,
  query: expr,
  timeline: [{ at, what: 'firing' }],
  proves: {},
});

function invariantJudgements(plan: Plan, record: RunRecord): FullJudgement[] {
  return plan.scenario.invariants.map((invariant) => {
    const facts = record.observations.get(invariant.name);
    const judgement = facts
      ? safely(invariant, facts)
      : undecided(invariant, 'the books were not read: the run did not get that far');
    return { id: `invariant.${invariant.name}`, kind: 'invariant', phase: null, title: invariant.name, ...judgement };
  });
}

function safely(invariant: Invariant, facts: Readonly<Record<string, unknown>>): Judgement {
  try {
    return invariant.judge(facts);
  } catch (error) {
    return undecided(invariant, `the judge failed: ${messageOf(error)}`);
  }
}

const undecided = ({ name }: Invariant, received: string): Judgement => ({
  verdict: 'unknown',
  headline: name,
  expected: name,
  received,
  timeline: [],
  proves: {},
});

export const namedAlerts = (plan: Plan): ReadonlySet<string> =>
  new Set(
    plan.scenario.phases
      .flatMap((phase) => phase.expectations)
      .filter(({ deadline }) => deadline !== undefined)
      .flatMap(({ needs }) => needs.alerts ?? []),
  );

const held = (judgements: readonly FullJudgement[]) => judgements.filter(({ verdict }) => verdict === 'held');

/** Proven end to end: it fired, somebody was told, and it resolved. */
function provenAlerts(judgements: readonly FullJudgement[]): string[] {
  const steps = Map.groupBy(held(judgements), ({ proves }) => proves.alert ?? '');
  return [...steps.keys()].filter((name) => {
    const done = new Set(steps.get(name)?.map(({ proves }) => proves.step));
    return name !== '' && done.has('fires') && done.has('notified') && done.has('resolves');
  });
}

function movedMetrics(plan: Plan, record: RunRecord, windows: readonly PhaseWindow[]): string[] {
  const from =
    windows.find((window) => window !== undefined && window.kind !== 'warm-up')?.start ?? Number.POSITIVE_INFINITY;
  return plan.scenario.system.monitoring.metrics
    .filter((metric) => {
      const series = record.series(movementOf(metric), from);
      return series.some(({ points }) => points.some(([, value]) => value !== points[0]?.[1]));
    })
    .map(({ name }) => name);
}

function sentenceOf(plan: Plan, course: Course, judgements: readonly FullJudgement[], verdict: Verdict): string {
  const { name } = plan.scenario;
  const count = (kinds: readonly FullJudgement['kind'][]) =>
    judgements.filter(({ kind }) => kinds.includes(kind)).length;
  const some = (amount: number, what: string) => `${amount} ${what}${amount === 1 ? '' : 's'}`;
  if (course.interrupted)
    return `Interrupted: "${name}" was stopped before it could be judged; everything was put back.`;
  const wrong = judgements.filter((judgement) => judgement.verdict === 'broken');
  if (verdict === 'broken')
    return `Broken: in "${name}" ${wrong.length === 1 ? wrong[0]?.headline : `${wrong.length} claims did not hold, first: ${wrong[0]?.headline}`}.`;
  const open = judgements.filter((judgement) => judgement.verdict === 'unknown');
  if (verdict === 'unknown') {
    const why =
      course.troubled || open.length === 0
        ? 'the run did not get to its end'
        : `${some(open.length, 'claim')} could not be decided, first: ${open[0]?.headline}`;
    return `Unknown: in "${name}" ${why}.`;
  }
  const claims = count(['metric', 'alert', 'panel', 'log', 'notification', 'shopper']);
  return `Held: "${name}": ${some(claims, 'expectation')}, ${some(count(['silence']), 'silent alert')} and ${some(count(['invariant']), 'invariant')}.`;
}

/** '+1m12s' in scenario time from the start of the first fault, or of the run. */
function offset(plan: Plan, windows: readonly PhaseWindow[], at: number): string {
  const zero = windows.find((window) => window?.kind === 'fault')?.start ?? windows[0]?.start ?? at;
  const ms = plan.clock.scenario(at - zero);
  return `${ms < 0 ? '-' : '+'}${Math.abs(ms / 1000).toFixed(0)}s`;
}
