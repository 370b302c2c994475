/**
 * The only writer of verdict text, always in the same order: what happened, expected, received, query, timeline, floor.
 * Offsets are scenario time from the start of the phase.
 */
import type { Judgement, View } from '../harness/expectation.ts';
import { duration } from '../harness/units.ts';
import type { Verdict } from '../harness/verdict.ts';

export interface Explanation {
  readonly verdict: Verdict;
  /** The claim when it held ('X fires'), and the finding when it did not ('X did not fire'). */
  readonly headline: string;
  readonly expected: string;
  readonly received: string;
  readonly query?: string;
  readonly timeline?: readonly { readonly at: number; readonly what: string }[];
  readonly floor?: Judgement['floor'];
  readonly decidedAt?: number | undefined;
  readonly chart?: Judgement['chart'];
  readonly proves?: Judgement['proves'];
}

export function explain({ timeline, decidedAt, floor, chart, query, proves, ...rest }: Explanation): Judgement {
  return {
    ...rest,
    ...(query === undefined ? {} : { query }),
    timeline: (timeline ?? []).toSorted((a, b) => a.at - b.at).map((entry) => ({ ...entry })),
    ...(floor === undefined ? {} : { floor }),
    ...(decidedAt === undefined ? {} : { decidedAt }),
    ...(chart === undefined ? {} : { chart }),
    proves: proves ?? {},
  };
}

/** '+1m12s': scenario time from the start of the view's phase. */
export function since(view: View, at: number): string {
  const ms = view.plan.clock.scenario(at - view.phase.start);
  return `${ms < 0 ? '-' : '+'}${duration(Math.round(Math.abs(ms) / 1000) * 1000)}`;
}

/** What deadlines count from, in words. */
export const startOf = (view: View): string =>
  ({ fault: 'the fault', recovery: 'the heal' })[view.phase.kind as 'fault' | 'recovery'] ?? 'its start';

/** 0.2934 with a unit as people read it, in three digits or whole: '293ms', '29.3%', '1.5MiB', '80.2/s'. */
export function readable(value: number, unit: string): string {
  const plain = (amount: number) =>
    String(Math.abs(amount) >= 100 ? Math.round(amount) : Number(amount.toPrecision(3)));
  if (Math.abs(value) >= Number.MAX_VALUE) return 'infinite';
  if (unit === 's') return Math.abs(value) < 1 ? `${plain(value * 1000)}ms` : `${plain(value)}s`;
  if (unit === 'percentunit') return `${plain(value * 100)}%`;
  if (unit === 'bytes') return `${(value / 1024 ** 2).toFixed(1)}MiB`;
  if (unit === 'reqps' || unit === 'ops' || unit === 'cps') return `${plain(value)}/s`;
  return plain(value);
}
