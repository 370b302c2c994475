/** Detection latency of the alerts that fired: fault, metric moved, pending, firing, notified, beside the floor. */
import { alertHistory, resolvedAt } from './alert-history.ts';
import type { PhaseWindow } from './expectation.ts';
import type { EventOf } from './journal.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';

export type Detection = Omit<EventOf<'detection'>, 'type' | 'at'>;

/** One a fault phase and alert that fired in it. Times are real ms; what did not happen is left out. */
export function detectionsIn(plan: Plan, record: RunRecord, windows: readonly PhaseWindow[]): Detection[] {
  const result: Detection[] = [];
  for (const window of windows) {
    if (window.kind !== 'fault') continue;
    const next = windows.find(({ kind, index }) => kind === 'fault' && index > window.index);
    const to = next?.start ?? Number.POSITIVE_INFINITY;
    const healed = windows.find(({ index }) => index === window.index + 1)?.start;
    for (const alert of plan.alerts) {
      const history = alertHistory(plan, record, alert.name, window.start, to);
      const firing = history.firing[0]?.at;
      if (firing === undefined) continue;
      const told = (status: 'firing' | 'resolved', after: number) =>
        record.notifications.find(
          (event) => event.alert === alert.name && event.status === status && event.at >= after && event.at <= to,
        )?.at;
      const conditions = record
        .series(alert.condition, window.start, to)
        .map(({ points }) => points[0]?.[0] ?? Number.POSITIVE_INFINITY);
      const pending = history.pending[0];
      // The condition is sampled on a grid of its own: never later than the evaluation that saw it.
      const moved = Math.min(...conditions, pending ?? firing);
      const resolved = resolvedAt(history, healed ?? window.end);
      result.push(
        defined({
          alert: alert.name,
          fault: window.start,
          moved,
          pending,
          firing,
          notified: told('firing', firing - 1_000),
          healed,
          resolved,
          resolvedNotified: resolved === undefined ? undefined : told('resolved', firing),
          floor: alert.floor,
        }),
      );
    }
  }
  return result;
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** The object without its undefined fields. */
function defined(fields: Loose<Required<Detection>>): Detection {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Detection;
}
