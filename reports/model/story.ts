/** The incident as a story: the chapters that a scenario gave its expectations, and what was done to mend things, in order. */
import type { Judgement, Moment, RemedyReport, RunJson, RunVerdict } from '../run-json.ts';

export interface Chapter {
  readonly kind: 'chapter';
  /** Counts from 1 over the whole story. */
  readonly number: number;
  readonly title: string;
  /** The worst of its expectations'. */
  readonly verdict: RunVerdict;
  /** When the last of them was decided; null where one never was. */
  readonly decided: Moment | null;
  readonly judgements: readonly Judgement[];
}

export type Step = Chapter | { readonly kind: 'remedy'; readonly remedy: RemedyReport };

/** Phase by phase: what was done at its start, then its chapters as written. Empty where the scenario has no chapters. */
export function storyOf({ judgements: groups, phases, remedies }: RunJson): Step[] {
  let number = 0;
  const steps = phases.flatMap(({ index }): Step[] => {
    const judged = groups.find(({ phase }) => phase === index)?.judgements ?? [];
    const chapters = Map.groupBy(
      judged.filter(({ chapter }) => chapter !== null),
      ({ chapter }) => chapter ?? '',
    );
    return [
      ...remedies.filter(({ phase }) => phase === index).map((remedy): Step => ({ kind: 'remedy', remedy })),
      ...[...chapters].map(([title, judgements]): Step => {
        number += 1;
        const decided = judgements.map((one) => one.decided).toSorted((a, b) => (b?.at ?? 0) - (a?.at ?? 0));
        return {
          ...{ kind: 'chapter', number, title, judgements },
          verdict: worst(judgements),
          decided: decided.includes(null) ? null : (decided[0] ?? null),
        };
      }),
    ];
  });
  return number === 0 ? [] : steps;
}

function worst(judgements: readonly Judgement[]): RunVerdict {
  const verdicts = judgements.map(({ verdict }) => verdict);
  return verdicts.includes('broken') ? 'broken' : verdicts.includes('unknown') ? 'unknown' : 'held';
}
