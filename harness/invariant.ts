/** A claim about the system's own data that no fault may break. Observed once the load has drained, then judged. */
import type { Judgement } from './expectation.ts';
import type { LoadTotals } from './load.ts';
import type { Ledger } from './system.ts';

export interface Invariant {
  /** 'never oversells' */
  readonly name: string;
  /** Facts for the journal; must be plain JSON. */
  observe(books: Books): Readonly<Record<string, unknown>>;
  /** Pure; answers unknown when a fact it needs is missing. */
  judge(facts: Readonly<Record<string, unknown>>): Judgement;
}

/** What the three parties counted: the drivers, the app's /metrics, and the database. */
export interface Books {
  readonly load: readonly LoadTotals[];
  readonly metrics: readonly MetricSample[];
  readonly ledger: Ledger;
}

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
