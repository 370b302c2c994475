/** Claims about an alert, judged from Prometheus' own ALERTS series and from what Alertmanager delivered. */
import type { Expectation, Judgement, View } from '../harness/expectation.ts';
import type { Floor } from '../harness/journal.ts';
import { ALERTS, EVALUATIONS, type Plan, type PlannedAlert } from '../harness/plan.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import type { AlertName } from '../monitoring/catalog.gen.ts';
import {
  type AlertLabels,
  type Found,
  judgeDelivery,
  judgeFires,
  judgePending,
  judgeResolves,
  judgeSilent,
} from './alert-judges.ts';
import { explain } from './explain.ts';
import type { Claim } from './signal.ts';

export interface AlertClaims {
  /** Its condition holds and its `for` runs. */
  goesPending(): Claim;
  /** Fires with these labels, not having fired before. */
  fires(labels?: AlertLabels): Claim;
  /** Alertmanager delivers it to the receiver as firing. */
  notifies(): Claim;
  /** Fired before, and is over. */
  resolves(): Claim;
  /** Alertmanager delivers that it is over. */
  notifiesResolved(): Claim;
  /** Does not fire in this phase. Alerts that no expectation names must be silent anyway. */
  staysSilent(): Expectation;
}

type Step = Judgement['proves']['step'];

interface Shape {
  readonly kind: 'alert' | 'notification';
  readonly title: string;
  readonly expected: string;
  readonly step: Step;
  readonly deadline?: Duration;
  /** undefined where the rules do not bound it. */
  floor(plan: Plan, alert: PlannedAlert): Floor | undefined;
  judge(view: View, limit: number): Found | undefined;
}

/** Claims about one alert of the system's rule files. */
export function alert(name: AlertName): AlertClaims {
  const claim = (shape: Omit<Shape, 'deadline' | 'title' | 'expected'> & { verb: string; wanted: string }): Claim => ({
    within: (deadline) =>
      make(name, {
        ...shape,
        deadline,
        title: `${name} ${shape.verb} within ${deadline}`,
        expected: `${shape.wanted}, within ${deadline}`,
      }),
  });
  return {
    goesPending: () =>
      claim({
        kind: 'alert',
        verb: 'goes pending',
        wanted: 'pending',
        step: 'pending',
        floor: (_, { floor }) => ({ ...floor, for: 0, total: floor.total - floor.for }),
        judge: (view, limit) => judgePending(view, limit, name),
      }),
    fires: (labels = {}) =>
      claim({
        kind: 'alert',
        verb: 'fires',
        step: 'fires',
        wanted: ['firing', ...Object.entries(labels).map(([label, value]) => `${label}="${value}"`)].join(', '),
        floor: (_, { floor }) => floor,
        judge: (view, limit) => judgeFires(view, limit, name, labels),
      }),
    notifies: () =>
      claim({
        kind: 'notification',
        verb: 'notifies',
        wanted: 'a firing notification delivered',
        step: 'notified',
        floor: (plan, { floor }) => ({
          ...floor,
          evaluation: floor.evaluation + plan.intervals.groupWait,
          total: floor.total + plan.intervals.groupWait,
        }),
        judge: (view, limit) => judgeDelivery(view, limit, name, 'firing'),
      }),
    resolves: () =>
      claim({
        kind: 'alert',
        verb: 'resolves',
        wanted: 'no longer firing',
        step: 'resolves',
        floor: (plan, { keepFiringForMs }) => resolveFloor(plan, keepFiringForMs, 0),
        judge: (view, limit) => judgeResolves(view, limit, name),
      }),
    notifiesResolved: () =>
      claim({
        kind: 'notification',
        verb: 'notifies that it is over',
        wanted: 'a resolved notification delivered',
        step: 'resolve-notified',
        floor: (plan, { keepFiringForMs }) => resolveFloor(plan, keepFiringForMs, plan.intervals.groupInterval),
        judge: (view, limit) => judgeDelivery(view, limit, name, 'resolved'),
      }),
    staysSilent: () =>
      make(name, {
        kind: 'alert',
        title: `${name} stays silent`,
        expected: 'not firing for the whole phase',
        step: 'silent',
        floor: () => undefined,
        judge: (view) => judgeSilent(view, name),
      }),
  };
}

function make(name: AlertName, shape: Shape): Expectation {
  const deadline = shape.deadline === undefined ? undefined : milliseconds(shape.deadline, `the deadline of ${name}`);
  const floorOf = (plan: Plan) => {
    const rule = plan.alerts.find((candidate) => candidate.name === name);
    return rule && shape.floor(plan, rule);
  };
  return {
    kind: shape.kind,
    title: shape.title,
    deadline,
    needs: { alerts: [name] },
    queries: (plan) => [
      ALERTS,
      EVALUATIONS,
      ...plan.alerts.filter((rule) => rule.name === name).map((rule) => rule.condition),
    ],
    floor: floorOf,
    judge: (view) => {
      const limit =
        deadline === undefined
          ? view.phase.end
          : Math.min(view.phase.end, view.phase.start + view.plan.clock.real(deadline));
      const found = shape.judge(view, limit);
      if (!found) return undefined;
      const { at, ...rest } = found;
      const floor = floorOf(view.plan);
      return explain({
        ...rest,
        expected: shape.expected,
        query: `ALERTS{alertname="${name}"}`,
        ...(floor ? { floor } : {}),
        decidedAt: at,
        proves: { alert: name, step: shape.step },
      });
    },
  };
}

function resolveFloor({ intervals }: Plan, keepFiring: number, delivery: number): Floor {
  const evaluation = intervals.evaluation + delivery;
  return {
    scrape: intervals.scrape,
    range: 0,
    evaluation,
    for: keepFiring,
    total: intervals.scrape + evaluation + keepFiring,
  };
}
