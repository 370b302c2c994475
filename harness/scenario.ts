/**
 * A scenario: an immutable value that says what is booted, what happens to it and what monitoring must then show. Chains
 * return new values; nothing happens until it is run.
 */
import type { Expectation } from './expectation.ts';
import type { Fault } from './fault.ts';
import type { Invariant } from './invariant.ts';
import type { PhaseKind } from './journal.ts';
import type { Load } from './load.ts';
import type { Remedy } from './remedy.ts';
import type { System } from './system.ts';
import { type Duration, milliseconds } from './units.ts';

export interface Scenario {
  readonly name: string;
  /** What is believed, in a sentence a reviewer reads first. */
  readonly hypothesis: string;
  readonly system: System;
  /** Several flow side by side. */
  readonly load: readonly Load[];
  readonly phases: readonly Phase[];
  readonly invariants: readonly Invariant[];
  /**
   * Alerts that the fault can bring about beside those that are expected, by chance or by the machine's speed, and why:
   * { AudioPipelineStalled: 'no upload ends while every ffmpeg hangs' }. All others that no expectation names must stay silent.
   */
  readonly mayFire?: Readonly<Record<string, string>>;
  /** The highest --speed at which it is sound; faster asks are refused by name. */
  readonly maxSpeed?: number;
}

export interface Phase {
  readonly kind: PhaseKind;
  readonly title: string;
  /** Scenario milliseconds at the most. */
  readonly durationMs: number;
  readonly faults: readonly Fault[];
  /** Applied at its start, one after the other. */
  readonly remedies: readonly Remedy[];
  /** Traffic of this phase in place of the scenario's; a load that is in both goes on undisturbed. */
  readonly load?: readonly Load[];
  readonly expectations: readonly Expectation[];
  /** A copy of the phase that also expects these. */
  expect(...expectations: readonly Expectation[]): Phase;
  /**
   * A copy of the phase that also expects these, as one chapter of the incident's story: the report tells the chapters in
   * their order, from alert to cause to fix.
   */
  chapter(title: string, first: Expectation, ...more: readonly Expectation[]): Phase;
  /** A copy of the phase under other traffic: a rush, a stampede. */
  under(load: OneOrSeveral<Load>): Phase;
}

type OneOrSeveral<T> = T | readonly T[];
const several = <T>(value: OneOrSeveral<T>): readonly T[] => [value].flat() as readonly T[];

/** Everything but the name. Missing invariants mean none; `load` is one or several. */
export type ScenarioBody = Omit<Scenario, 'name' | 'load' | 'invariants'> & {
  readonly load: OneOrSeveral<Load>;
  readonly invariants?: readonly Invariant[];
};

export const scenario = (name: string, body: ScenarioBody): Scenario =>
  Object.freeze({ invariants: [], ...body, load: several(body.load), name });

/** The traffic of a phase: its own, or the scenario's. */
export const loadOf = (scenario: Scenario, phase: Phase): readonly Load[] => phase.load ?? scenario.load;

/** Every load that some phase is under, each once. */
export const loadsOf = ({ load, phases }: Scenario): readonly Load[] => [
  ...new Set([...load, ...phases.flatMap((phase) => phase.load ?? [])]),
];

/** Traffic before anything is judged, long enough to fill every range. */
export const warmUp = (duration: Duration): Phase => phase('warm-up', 'warm-up', duration, []);

/** The steady state: judged whole, and what later phases compare with. */
export const baseline = (duration: Duration): Phase => phase('baseline', 'baseline', duration, []);

/** The faults, injected together at its start and healed at its end. Without one, traffic itself is the disturbance. */
export const during = (duration: Duration, ...faults: readonly Fault[]): Phase =>
  phase('fault', faults.map((fault) => fault.name).join(' and ') || 'under load', duration, faults);

/** After the heal: everything is expected to come back, at once or by what an operator then does about it. */
export const recovery = (duration: Duration, ...remedies: readonly Remedy[]): Phase =>
  phase('recovery', 'recovery', duration, [], remedies);

function phase(
  kind: PhaseKind,
  title: string,
  duration: Duration,
  faults: readonly Fault[],
  remedies: readonly Remedy[] = [],
): Phase {
  const make = (fields: Pick<Phase, 'expectations' | 'load'>): Phase =>
    Object.freeze({
      kind,
      title,
      durationMs: milliseconds(duration, `the duration of ${title}`),
      faults,
      remedies,
      ...fields,
      expect: (...more: readonly Expectation[]) => make({ ...fields, expectations: [...fields.expectations, ...more] }),
      chapter: (chapter: string, ...more: readonly Expectation[]) =>
        make({ ...fields, expectations: [...fields.expectations, ...more.map((one) => ({ ...one, chapter }))] }),
      under: (load: OneOrSeveral<Load>) => make({ ...fields, load: several(load) }),
    });
  return make({ expectations: [] });
}
