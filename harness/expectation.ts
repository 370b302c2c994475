/**
 * An expectation: a claim about what monitoring shows, judged from the record. The judges (assertions/) are pure: the same
 * record gives the same judgement, live while the run goes on and again when it is over.
 */
import type { EventOf, Floor, PhaseKind } from './journal.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';

export interface Expectation {
  readonly kind: EventOf<'judgement'>['kind'];
  /** 'FlashSaleHighLatency fires within 6m' */
  readonly title: string;
  /**
   * Scenario milliseconds from the start of the phase by which it must be true; undefined for a claim about the whole
   * phase ('stays below'), which the phase does not wait for.
   */
  readonly deadline: number | undefined;
  /** The chapter of the incident that it tells, see Phase.chapter; judges do not look at it. */
  readonly chapter?: string;
  readonly needs: Needs;
  /** What must be recorded for the judge. */
  queries(plan: Plan): readonly Query[];
  /** The least time in which it could come true after the fault; undefined where nothing bounds it. */
  floor(plan: Plan): Floor | undefined;
  /** undefined while it is open: later samples can still decide. */
  judge(view: View): Judgement | undefined;
}

/** The names an expectation relies on; `check` refuses those that nobody defines. */
export interface Needs {
  readonly metrics?: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly alerts?: readonly string[];
  readonly panels?: readonly { readonly dashboard: string; readonly panel: string; readonly legend?: string }[];
  readonly logs?: readonly LogQuery[];
  /** It is about what shoppers saw, so there must be a load of shoppers in its phase. */
  readonly shoppers?: boolean;
  /** It compares with the baseline, so the scenario must have one before. */
  readonly baseline?: boolean;
}

/** Fields a JSON log line must have, compared as text. */
export interface LogQuery {
  readonly service: string;
  readonly match: Readonly<Record<string, string | RegExp>>;
}

/** A query over the run, in scenario time: durations as in production, scaled when it is asked. */
export interface Query {
  readonly key: string;
  /** 'raw': samples as scraped, of a plain selector. 'range': an expression evaluated at every scrape interval. */
  readonly mode: 'raw' | 'range';
  readonly expr: string;
}

export const rawQuery = (selector: string): Query => ({ key: `raw:${selector}`, mode: 'raw', expr: selector });
export const rangeQuery = (expr: string): Query => ({ key: `range:${expr}`, mode: 'range', expr });

export interface PhaseWindow {
  readonly index: number;
  readonly kind: PhaseKind;
  readonly title: string;
  /** Real milliseconds; `end` is now while the phase runs. */
  readonly start: number;
  readonly end: number;
}

/** What a judge sees. */
export interface View {
  readonly plan: Plan;
  readonly record: RunRecord;
  readonly phase: PhaseWindow;
  /** The steady state before this phase. */
  readonly baseline: PhaseWindow | undefined;
  /** The phase is over: what is not decided by now never will be. */
  readonly ended: boolean;
}

/** What a judge answers; the run adds where and when. */
export type Judgement = Pick<
  EventOf<'judgement'>,
  'verdict' | 'headline' | 'expected' | 'received' | 'query' | 'timeline' | 'floor' | 'decidedAt' | 'chart' | 'proves'
>;
