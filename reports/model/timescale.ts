/**
 * Two clocks in one report: real time since the run began, and scenario time from the fault, which is what a reader
 * compares with `for: 5m`. A run without a fault counts from its first phase.
 */
import type { EventOf, JournalEvent } from '../../harness/journal.ts';
import type { Moment, RunJson } from '../run-json.ts';

export type ToMoment = (at: number) => Moment;

export interface Timescale {
  readonly origin: RunJson['origin'];
  readonly moment: ToMoment;
}

/**
 * The judges' own idea of when the fault began (the detection entries) decides, so that an offset in the text and one on
 * an axis are the same; without one, the moment the first fault was in place, or was begun.
 */
export function timescale(run: EventOf<'run'>, events: readonly JournalEvent[]): Timescale {
  const detected: number[] = [];
  const injected: number[] = [];
  const begun: number[] = [];
  const phases: number[] = [];
  for (const event of events) {
    if (event.type === 'detection') detected.push(event.fault);
    else if (event.type === 'fault' && event.state === 'injected') injected.push(event.at);
    else if (event.type === 'fault' && event.state === 'injecting') begun.push(event.at);
    else if (event.type === 'phase' && event.state === 'start') phases.push(event.at);
  }
  const fault = earliest(detected) ?? earliest(injected) ?? earliest(begun);
  const origin = { at: fault ?? earliest(phases) ?? run.at, what: fault === undefined ? 'start' : 'fault' } as const;
  return {
    origin,
    moment: (at) => ({ at, realMs: at - run.at, scenarioMs: (at - origin.at) * run.speed }),
  };
}

const earliest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((first, at) => Math.min(first, at));
