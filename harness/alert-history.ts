/**
 * What one alert did, read from Prometheus' own ALERTS series. An active alert leaves a sample at every evaluation; that it
 * is over shows only as absence, so the end needs an evaluation that left none.
 */
import type { Labels, Series } from './journal.ts';
import { ALERTS, EVALUATIONS, FAILURES, type Plan, type PlannedAlert } from './plan.ts';
import type { RunRecord } from './record.ts';

export interface AlertHistory {
  /** Real ms of every evaluation at which it was pending or firing, in order. */
  readonly pending: readonly number[];
  readonly firing: readonly { readonly at: number; readonly labels: Labels }[];
  /** Real ms of the evaluations of its group that are known, in order. */
  readonly evaluations: readonly number[];
  /** How far the record goes, real ms. */
  readonly until: number;
  /** Its rule could not be evaluated at some time in the span. */
  readonly failed: boolean;
}

export function alertHistory(plan: Plan, record: RunRecord, name: string, from: number, to: number): AlertHistory {
  const rule = plan.alerts.find((alert) => alert.name === name);
  const own = record.series(ALERTS, from, to).filter(({ labels }) => labels.alertname === name);
  const firing = own
    .filter(({ labels }) => labels.alertstate === 'firing')
    .flatMap(({ labels, points }) => points.map(([at]) => ({ at, labels })))
    .sort((a, b) => a.at - b.at);
  const pending = own
    .filter(({ labels }) => labels.alertstate === 'pending')
    .flatMap(({ points }) => points.map(([at]) => at))
    .sort((a, b) => a - b);
  const group = rule?.group ?? '';
  const evaluations = ofGroup(record.series(EVALUATIONS, from, to + slack(plan)), group)
    .flatMap(({ points }) => points.map(([, seconds]) => Math.round(seconds * 1000)))
    .filter((at, index, all) => at >= from && at <= to && all.indexOf(at) === index)
    .sort((a, b) => a - b);
  const failures = ofGroup(record.series(FAILURES, from, to), group);
  const failed = failures.some(({ points }) => (points.at(-1)?.[1] ?? 0) > (points[0]?.[1] ?? 0));
  return { pending, firing, evaluations, until: record.until(ALERTS), failed };
}

/** The first evaluation after `after` that found it not firing while nothing later found it firing; undefined if none. */
export function resolvedAt(history: AlertHistory, after: number): number | undefined {
  const last = history.firing.findLast(({ at }) => at > 0)?.at ?? Number.NEGATIVE_INFINITY;
  // The evaluation that left the last sample is stored with a time of its own, a little after the sample's.
  return history.evaluations.find(
    (at) => at > Math.max(last + EVALUATION_JITTER_MS, after - EVALUATION_JITTER_MS) && at <= history.until,
  );
}
const EVALUATION_JITTER_MS = 60;

/** Whether the rule was evaluated, and ALERTS asked, up to the end of the span, so that no sample means not firing. */
export function evaluatedThrough(plan: Plan, history: AlertHistory, to: number): boolean {
  const last = history.evaluations.at(-1);
  return last !== undefined && Math.min(last, history.until) >= to - slack(plan) && !history.failed;
}

/** The alert's metrics that have no series at all between `from` and `to`: with one missing, the rule is blind. */
export function blindSpots(
  record: RunRecord,
  alert: PlannedAlert,
  presence: (metric: string) => Parameters<RunRecord['series']>[0],
  from: number,
  to: number,
): string[] {
  return alert.metrics.filter((metric) => record.series(presence(metric), from, to).length === 0);
}

const slack = (plan: Plan): number =>
  4 * plan.clock.real(Math.max(plan.intervals.evaluation, plan.intervals.scrape)) + 500;

const ofGroup = (series: readonly Series[], group: string): Series[] =>
  series.filter(({ labels }) => labels.rule_group?.endsWith(`;${group}`));
