/** Alerts over time: the bands in which each was pending or firing, and how long the way from the fault to it took. */
import type { EventOf } from '../../harness/journal.ts';
import type { AlertReport, Detection, Moment } from '../run-json.ts';
import type { ToMoment } from './timescale.ts';

/** The alerts of the run, in its own order. */
export function alertReports(
  run: EventOf<'run'>,
  events: readonly EventOf<'alert'>[],
  last: Moment,
  moment: ToMoment,
): AlertReport[] {
  return run.alerts.map((alert) => ({
    ...alert,
    bands: bandsOf(
      events.filter((event) => event.name === alert.name),
      last,
      moment,
    ),
  }));
}

/** A repeated state continues its band; a band nobody ended reaches to the last thing recorded. */
function bandsOf(events: readonly EventOf<'alert'>[], last: Moment, moment: ToMoment): AlertReport['bands'] {
  const bands: AlertReport['bands'] = [];
  const inOrder = [...events].sort((a, b) => a.at - b.at);
  for (const { at, state } of inOrder) {
    const current = bands.at(-1);
    if (current?.open) {
      if (current.state === state) continue;
      bands[bands.length - 1] = { ...current, to: moment(at), open: false };
    }
    if (state !== 'inactive') bands.push({ state, from: moment(at), to: last, open: true });
  }
  return bands;
}

/** How each alert was detected. Latencies count from the fault and are compared with the floor, in scenario time. */
export function detections(
  run: EventOf<'run'>,
  events: readonly EventOf<'detection'>[],
  moment: ToMoment,
): Detection[] {
  return events.map((event) => {
    const at = (time: number | undefined) => (time === undefined ? null : moment(time));
    const since = (from: number | undefined, to: number | undefined) =>
      from === undefined || to === undefined ? null : (to - from) * run.speed;
    const firingMs = since(event.fault, event.firing);
    return {
      alert: event.alert,
      severity: run.alerts.find((alert) => alert.name === event.alert)?.severity ?? '',
      fault: moment(event.fault),
      moved: at(event.moved),
      pending: at(event.pending),
      firing: at(event.firing),
      notified: at(event.notified),
      healed: at(event.healed),
      resolved: at(event.resolved),
      resolvedNotified: at(event.resolvedNotified),
      floor: event.floor,
      firingMs,
      excessMs: firingMs === null ? null : firingMs - event.floor.total,
      notifiedMs: since(event.fault, event.notified),
      resolvedMs: since(event.healed, event.resolved),
    };
  });
}
