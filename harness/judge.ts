/** Judges the expectations of a phase from the record. Pure; a judge that crashes answers unknown, never a pass. */
import { messageOf } from './errors.ts';
import type { Expectation, Judgement, PhaseWindow, View } from './expectation.ts';
import type { EventOf } from './journal.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';
import type { Phase } from './scenario.ts';

export type FullJudgement = Omit<EventOf<'judgement'>, 'type' | 'at'>;

export interface PhaseResult {
  readonly judgements: readonly FullJudgement[];
  /** How many expectations with a deadline could still go either way. */
  readonly open: number;
}

export function judgePhase(
  plan: Plan,
  record: RunRecord,
  phase: Phase,
  window: PhaseWindow,
  baseline: PhaseWindow | undefined,
  ended: boolean,
): PhaseResult {
  const view: View = { plan, record, phase: window, baseline, ended };
  let open = 0;
  const judgements = phase.expectations.map((expectation, place): FullJudgement => {
    const judgement = safely(expectation, view);
    if (judgement === undefined && expectation.deadline !== undefined) open += 1;
    return {
      id: `${window.index}.${place}`,
      kind: expectation.kind,
      phase: window.index,
      title: expectation.title,
      ...(expectation.chapter === undefined ? {} : { chapter: expectation.chapter }),
      ...(judgement ?? undecided(expectation)),
    };
  });
  return { judgements, open };
}

function safely(expectation: Expectation, view: View): Judgement | undefined {
  try {
    return expectation.judge(view);
  } catch (error) {
    return { ...undecided(expectation), received: `the judge failed: ${messageOf(error)}` };
  }
}

const undecided = ({ title }: Expectation): Judgement => ({
  verdict: 'unknown',
  headline: title,
  expected: title,
  received: 'the run ended before it was decided',
  timeline: [],
  proves: {},
});
