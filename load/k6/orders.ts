/** What the driver and the script inside k6 tell each other. Imported by both, so it imports nothing that only one has. */

/** Given to the script as JSON in its environment. */
export interface Orders {
  /** k6's own options, as `export const options` has them. */
  readonly options: object;
  readonly journey: { readonly path: string; readonly name: string };
  readonly seed: number;
  /** Base address of the system, and where the driver's gate is asked. */
  readonly url: string;
  readonly gate: string;
  /** VUs that k6 has as long as the gate is open. */
  readonly planned: number;
}

/** A step of one iteration, on a line of its own on standard error after MARK. */
export type Step = readonly [
  /** k6's number of the iteration, from 0. */
  number: number,
  /** Milliseconds since k6 began the load; its clock has a grain of one. */
  at: number,
  /** Requests that go out now; none at the end. */
  out: number,
  /** What came back since the last step; a status of 0 is none, and the latency is in milliseconds. */
  answers: readonly (readonly [handler: string, method: string, status: number, latency: number])[],
  outcome: string | null,
  receipts: readonly string[],
];

/** What a journey threw. */
export interface Defect {
  readonly defect: string;
  readonly stack: string;
}

export const MARK = '@firedrill ';
/** Begins the line on standard output that holds k6's summary. */
export const SUMMARY_MARK = '@summary ';

/** The load's scenario in k6; the other is 'control'. */
export const SCENARIO = 'load';

/** The tag of everything that is the load's and not the control's. */
export const TAG = 'firedrill';
export const SELECTOR = `${TAG}:load`;

/** What the gate answers. */
export type GateState = 'open' | 'closed' | 'end';
