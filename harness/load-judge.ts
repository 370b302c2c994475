/**
 * Judges the load itself, from the journal: a load that could not send what it was to send has proven less than it seems,
 * and limits that a driver was given on its own metrics are claims like any other. Pure.
 */
import type { EventOf } from './journal.ts';
import type { FullJudgement } from './judge.ts';

type Total = EventOf<'load-total'>;
type Threshold = NonNullable<Total['report']>['thresholds'][number];

/** For each open-model load that may not drop that it dropped no iterations; for each threshold that it held. */
export function loadJudgements(totals: readonly Total[]): FullJudgement[] {
  return totals.flatMap((total, index) => [
    ...(total.model === 'open' && !total.mayDrop ? [dropped(total, index)] : []),
    ...(total.report?.thresholds ?? []).map((threshold, place) => limit(total, threshold, `load.${index}.${place}`)),
  ]);
}

function dropped({ at, driver, description, scheduled, started, dropped: lost }: Total, index: number): FullJudgement {
  const claim = `${description} dropped no iterations`;
  return {
    id: `load.${index}`,
    kind: 'load',
    phase: null,
    title: claim,
    verdict: lost === 0 ? 'held' : 'broken',
    headline: lost === 0 ? claim : `${description} dropped ${lost} of ${scheduled} iterations`,
    expected: 'every iteration that was due begins, whether or not earlier ones have come back',
    received:
      lost === 0
        ? `all ${started} begun by ${driver}`
        : `${lost} could not begin: as many as its capacity allows were in flight`,
    timeline: [],
    decidedAt: at,
    proves: {},
  };
}

function limit(total: Total, threshold: Threshold, id: string): FullJudgement {
  const { metric, limit: text, value, held } = threshold;
  const claim = `${metric} ${text}`;
  const program = total.report?.program ?? total.driver;
  const seen = value === null ? 'no value' : `${readable(value)} over ${total.description}`;
  return {
    id,
    kind: 'load',
    phase: null,
    title: `${total.driver} threshold: ${claim}`,
    verdict: held === null ? 'unknown' : held ? 'held' : 'broken',
    headline:
      held === false ? `the ${total.driver} threshold ${claim} was crossed` : `${total.driver} threshold: ${claim}`,
    expected: `${claim}, by ${program}'s own measure`,
    received: held === null ? `${program} ended without deciding it` : seen,
    timeline: [],
    decidedAt: total.at,
    proves: {},
  };
}

const readable = (value: number): string => String(Number(value.toPrecision(4)));
