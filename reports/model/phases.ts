import type { EventOf } from '../../harness/journal.ts';
import type { PhaseReport } from '../run-json.ts';
import type { ToMoment } from './timescale.ts';

/** Every planned phase, with the moments it really began and ended. */
export function phaseReports(
  run: EventOf<'run'>,
  events: readonly EventOf<'phase'>[],
  moment: ToMoment,
): PhaseReport[] {
  return run.phases.map((planned) => {
    const start = events.find((event) => event.index === planned.index && event.state === 'start');
    const end = events.findLast((event) => event.index === planned.index && event.state === 'end');
    return {
      ...planned,
      from: start === undefined ? null : moment(start.at),
      to: end === undefined ? null : moment(end.at),
      reason: end?.reason ?? null,
    };
  });
}
