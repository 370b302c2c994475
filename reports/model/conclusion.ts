/**
 * The verdict and its sentence. The run's own `end` entry says both; a journal without one belongs to a run that was
 * killed, and nobody knows what it would have found: unknown, whatever had been judged until then.
 */
import type { EventOf } from '../../harness/journal.ts';
import { realDuration, scenarioOffset } from '../format.ts';
import type { Moment, PhaseReport, RunJson } from '../run-json.ts';

interface Ending {
  readonly end: EventOf<'end'> | undefined;
  readonly phases: readonly PhaseReport[];
  readonly last: Moment;
  readonly judgements: readonly EventOf<'judgement'>[];
}

type Conclusion = Pick<RunJson, 'verdict' | 'sentence' | 'exitCode' | 'complete' | 'interrupted'>;

export function conclusion({ end, phases, last, judgements }: Ending): Conclusion {
  if (end !== undefined) {
    const { verdict, sentence, exitCode, interrupted } = end;
    return { verdict, sentence, exitCode, complete: true, interrupted };
  }
  const phase = phases.findLast((one) => one.from !== null);
  const where =
    phase === undefined
      ? 'while it was booting'
      : phase.to === null
        ? `during ${phase.kind} (${scenarioOffset(last.scenarioMs)})`
        : `after ${phase.kind}`;
  const judged =
    judgements.length === 0
      ? 'before anything was judged'
      : `with ${judgements.length} ${judgements.length === 1 ? 'expectation' : 'expectations'} judged and the rest open`;
  return {
    verdict: 'unknown',
    sentence: `The run stopped ${realDuration(last.realMs)} in, ${where}, ${judged}: it was killed or it crashed.`,
    exitCode: null,
    complete: false,
    interrupted: false,
  };
}

/** What the claims that held prove, for a run that could not sum it up itself. */
export function provenBy(judgements: readonly EventOf<'judgement'>[]): RunJson['coverage'] {
  const held = judgements.filter((one) => one.verdict === 'held');
  const names = (pick: 'alert' | 'panel' | 'metric') => [...new Set(held.flatMap(({ proves }) => proves[pick] ?? []))];
  return { alerts: names('alert'), panels: names('panel'), metrics: names('metric') };
}
