import type { EventOf } from '../../harness/journal.ts';
import type { FaultWindow } from '../run-json.ts';
import type { ToMoment } from './timescale.ts';

/** Every planned fault, with the time it was really in place and the proof that it took hold. */
export function faultWindows(
  run: EventOf<'run'>,
  events: readonly EventOf<'fault'>[],
  moment: ToMoment,
): FaultWindow[] {
  return run.phases.flatMap((phase) =>
    phase.faults.map(({ name, description }) => {
      const own = events.filter((event) => event.phase === phase.index && event.name === name);
      const first = (state: EventOf<'fault'>['state']) => own.find((event) => event.state === state);
      // Half-injected is broken already: without an 'injected' entry the attempt is where the band begins.
      const from = first('injected') ?? first('proven') ?? first('injecting');
      const to = first('healed');
      const failure = own.find((event) => event.state === 'failed' || event.state === 'heal-failed');
      return {
        phase: phase.index,
        name,
        description,
        from: from === undefined ? null : moment(from.at),
        to: to === undefined ? null : moment(to.at),
        proof: proofOf(first('proven'), first('unproven')),
        failure:
          failure === undefined
            ? null
            : `${failure.state === 'failed' ? 'Injecting' : 'Healing'} failed: ${failure.detail}`,
      };
    }),
  );
}

function proofOf(proven: EventOf<'fault'> | undefined, unproven: EventOf<'fault'> | undefined): FaultWindow['proof'] {
  if (proven !== undefined) return { state: 'proven', detail: proven.detail };
  if (unproven !== undefined) return { state: 'unproven', detail: unproven.detail };
  return { state: 'none', detail: 'nothing was recorded' };
}
