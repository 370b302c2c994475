/** What a driver is, inside the load's thread. */
import type { LoadTarget } from '../harness/load.ts';
import type { ArrivalsPlan } from './arrivals.ts';
import type { SaturationPlan } from './autocannon.ts';
import type { K6Plan } from './k6.ts';

/** Plain data: it crosses into the thread. */
export type Plan = ArrivalsPlan | K6Plan | SaturationPlan;

export interface Driver {
  /** No new iteration; resolves when every request sent is answered or counted as unanswered. */
  stop(): Promise<void>;
}

export interface DriverTarget extends LoadTarget {
  /** A journey threw: a defect in the journey, which ends the load loudly. */
  readonly failed: (error: unknown) => void;
}
