/**
 * The judges of the claims about an alert: pure, from Prometheus' own ALERTS series and from what Alertmanager delivered.
 * Each answers undefined while later samples can still decide; `limit` is the deadline in real ms.
 */
import { type AlertHistory, alertHistory, evaluatedThrough, resolvedAt } from '../harness/alert-history.ts';
import type { View } from '../harness/expectation.ts';
import type { EventOf, Labels } from '../harness/journal.ts';
import { ALERTS } from '../harness/plan.ts';
import type { Severity } from '../monitoring/catalog.gen.ts';
import { type explain, since, startOf } from './explain.ts';

export interface AlertLabels {
  readonly severity?: Severity;
  readonly [label: string]: string | undefined;
}

/** What a judge found; `at` is when, in real ms, where a moment decided it. */
export type Found = Pick<Parameters<typeof explain>[0], 'verdict' | 'headline' | 'received'> & {
  at?: number;
  timeline?: { at: number; what: string }[];
};
export function judgePending(view: View, limit: number, name: string): Found | undefined {
  const history = alertHistory(view.plan, view.record, name, view.phase.start, limit);
  const at = history.pending[0] ?? history.firing[0]?.at;
  return at === undefined
    ? never(view, limit, name, 'did not go pending', 'inactive throughout')
    : found(view, at, `${name} goes pending`, 'pending');
}

export function judgeFires(view: View, limit: number, name: string, wanted: AlertLabels): Found | undefined {
  const { plan, record, phase, baseline } = view;
  const earlier = alertHistory(plan, record, name, baseline?.start ?? phase.start, phase.start).firing[0];
  if (earlier) {
    return {
      verdict: 'broken',
      headline: `${name} was firing before ${startOf(view)}`,
      received: `firing since ${since(view, earlier.at)}`,
      timeline: [{ at: earlier.at, what: 'firing' }],
    };
  }
  const history = alertHistory(plan, record, name, phase.start, limit);
  const first = history.firing.find(({ labels }) => hasLabels(labels, wanted));
  const pending = history.pending[0];
  const course = pending === undefined ? [] : [{ at: pending, what: 'pending' }];
  if (first)
    return {
      ...found(view, first.at, `${name} fires`, 'firing'),
      timeline: [...course, { at: first.at, what: 'firing' }],
    };
  const other = history.firing[0];
  if (other) {
    const got = Object.keys(wanted).map((label) => `${label}="${other.labels[label] ?? ''}"`);
    return decidedLater(view, limit)
      ? {
          verdict: 'broken',
          headline: `${name} fired with other labels`,
          received: `firing at ${since(view, other.at)} with ${got.join(', ')}`,
          timeline: course,
        }
      : undefined;
  }
  const received = pending === undefined ? 'inactive throughout' : `pending since ${since(view, pending)}`;
  return never(view, limit, name, 'did not fire', received, [...course, { at: limit, what: 'deadline' }]);
}

export function judgeResolves(view: View, limit: number, name: string): Found | undefined {
  const { plan, record, phase, baseline } = view;
  const whole = alertHistory(plan, record, name, baseline?.start ?? phase.start, limit);
  const last = whole.firing.at(-1);
  if (!last) {
    if (!view.ended) return undefined;
    return evaluatedThrough(plan, whole, limit)
      ? { verdict: 'broken', headline: `${name} never fired, so it could not resolve`, received: 'inactive throughout' }
      : unseen(whole, name, 'did not resolve', []);
  }
  // A rule that can no longer be evaluated leaves no sample either: that is not the end of its alert.
  const at = alertHistory(plan, record, name, last.at, limit).failed
    ? undefined
    : resolvedAt(whole, Math.min(phase.start, last.at));
  if (at !== undefined && at <= limit) {
    const timeline = [
      { at: last.at, what: 'last firing' },
      { at, what: 'resolved' },
    ];
    return {
      verdict: 'held',
      headline: `${name} resolves`,
      received:
        at < phase.start ? `over before ${since(view, phase.start)}, as it healed` : `over at ${since(view, at)}`,
      at,
      timeline,
    };
  }
  return never(view, limit, name, 'did not resolve', `still firing at ${since(view, last.at)}`, [
    { at: last.at, what: 'still firing' },
  ]);
}

export function judgeDelivery(
  view: View,
  limit: number,
  name: string,
  status: EventOf<'notification'>['status'],
): Found | undefined {
  const delivered = view.record.notifications.filter((event) => event.alert === name && event.status === status);
  // A notification that it is over may be delivered while the fault is being healed.
  const from = status === 'firing' ? view.phase.start : (view.baseline?.end ?? view.phase.start);
  const first = delivered.find((event) => event.at >= from && event.at <= limit);
  const what = status === 'firing' ? 'notifies' : 'notifies that it is over';
  if (first)
    return {
      ...found(view, first.at, `${name} ${what}`, `delivered to ${first.receiver}`),
      timeline: [{ at: first.at, what: `${status} delivered` }],
    };
  const late = delivered.find((event) => event.at > limit);
  if (!decidedLater(view, limit)) return undefined;
  return {
    verdict: 'broken',
    headline: `nobody was told that ${name} is ${status === 'firing' ? 'firing' : 'over'}`,
    received: late ? `delivered only at ${since(view, late.at)}` : 'no such notification was delivered',
  };
}

export function judgeSilent(view: View, name: string): Found | undefined {
  const history = alertHistory(view.plan, view.record, name, view.phase.start, view.phase.end);
  const first = history.firing[0];
  if (first)
    return {
      verdict: 'broken',
      headline: `${name} fired`,
      received: `firing since ${since(view, first.at)}`,
      at: first.at,
      timeline: [{ at: first.at, what: 'firing' }],
    };
  if (!view.ended) return undefined;
  if (!evaluatedThrough(view.plan, history, view.phase.end))
    return {
      verdict: 'unknown',
      headline: `${name} cannot be called silent`,
      received: 'nothing shows that its rule was evaluated to the end',
    };
  return {
    verdict: 'held',
    headline: `${name} stays silent`,
    received: `silent in ${history.evaluations.length} evaluations`,
  };
}

const found = (view: View, at: number, headline: string, what: string): Found => ({
  verdict: 'held',
  headline,
  received: `${what} at ${since(view, at)}`,
  at,
  timeline: [{ at, what }],
});

/** The negative answer, once it is certain: broken when the rule was evaluated up to the limit, else unknown. */
function never(
  view: View,
  limit: number,
  name: string,
  what: string,
  received: string,
  timeline: { at: number; what: string }[] = [],
): Found | undefined {
  if (!decidedLater(view, limit)) return undefined;
  const history = alertHistory(view.plan, view.record, name, view.phase.start, limit);
  if (!evaluatedThrough(view.plan, history, limit)) {
    return unseen(history, name, what, timeline);
  }
  return { verdict: 'broken', headline: `${name} ${what}`, received, timeline };
}

const unseen = (
  { failed }: AlertHistory,
  name: string,
  what: string,
  timeline: { at: number; what: string }[],
): Found => ({
  verdict: 'unknown',
  headline: `nothing shows that ${name} ${what}`,
  received: failed ? 'its rule could not be evaluated' : 'its rule was not seen to be evaluated',
  timeline,
});

/** Nothing that is still to come can decide it: the phase is over, or the record has passed the limit. */
const decidedLater = (view: View, limit: number): boolean =>
  view.ended || (view.record.until(ALERTS) > limit && view.phase.end > limit);

const hasLabels = (labels: Labels, wanted: AlertLabels): boolean =>
  Object.entries(wanted).every(([label, value]) => value === undefined || labels[label] === value);
