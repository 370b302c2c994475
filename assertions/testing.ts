/** Judges a claim from what Prometheus answered to its queries, in a few words. Times are seconds of the run. */
import type { Expectation, Judgement } from '../harness/expectation.ts';
import type { EventOf, JournalEvent, Labels, Point } from '../harness/journal.ts';
import type { Plan } from '../harness/plan.ts';
import { anAlert, aPlan, BASELINE, FAULT, RECOVERY, recordOf, samples, viewOf } from '../harness/testing.ts';

/** The alert of the tests: it fires after a minute. */
export const SLOW = 'FlashSaleHighLatency';
export const PLAN = aPlan({ alerts: [anAlert(SLOW, { forMs: 60_000 }), anAlert('FlashSaleRedisUnreachable')] });

/** What the claim's first query was answered, one series a list of points, asked up to `until`. */
export const answered = (
  claim: Expectation,
  until: number,
  series: readonly { readonly labels?: Labels; readonly points: readonly Point[] }[],
  plan: Plan = PLAN,
): EventOf<'samples'>[] => {
  const query = claim.queries(plan)[0];
  if (!query) throw new Error(`"${claim.title}" asks nothing`);
  return [samples(query, [], until), ...series.map(({ labels, points }) => samples(query, points, until, labels))];
};

/** While the phase runs: what is known at `second` of it. */
export const judgedAt = (
  claim: Expectation,
  events: readonly JournalEvent[],
  second: number,
  phase = FAULT,
): Judgement | undefined =>
  claim.judge(viewOf(PLAN, recordOf(events), { ...phase, end: phase.start + second * 1_000 }, false));

/** When the phase is over. */
export const judged = (claim: Expectation, events: readonly JournalEvent[], phase = FAULT, plan = PLAN): Judgement => {
  const judgement = claim.judge(viewOf(plan, recordOf(events), phase));
  if (!judgement) throw new Error(`"${claim.title}" is open although its phase is over`);
  return judgement;
};

export const inBaseline = (claim: Expectation, events: readonly JournalEvent[]) => judged(claim, events, BASELINE);
export const inRecovery = (claim: Expectation, events: readonly JournalEvent[]) => judged(claim, events, RECOVERY);
