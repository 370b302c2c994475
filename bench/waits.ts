/**
 * Where the time of a run went, from its journal. A run has time it must spend: the phases that its scenario asks to pass
 * (warm-up, baseline), a fault and a recovery until the last of their claims is decided, and the heal. Everything else is
 * waiting for nothing: nobody learns anything from it.
 */
import type { EventOf, JournalEvent } from '../harness/journal.ts';

/** Real milliseconds; together the whole run. */
export interface Shares {
  /** Warm-up, baseline, fault and recovery as long as something was undecided, and healing. */
  readonly needed: number;
  /** Until all services answer. */
  readonly boot: number;
  /** From there to the first scrape of every target. */
  readonly firstScrape: number;
  /** Of a phase after its last claim was decided and its fault proven. */
  readonly afterDecision: number;
  /** Between phases: for samples to be stored, to judge. */
  readonly between: number;
  /** From the end of the last phase to the verdict: draining, reading the books, stopping the services. */
  readonly closing: number;
}

/** Throws where the journal is not of a whole run. */
export function sharesOf(events: readonly JournalEvent[]): Shares {
  const run = events.find((event) => event.type === 'run');
  const end = events.find((event) => event.type === 'end');
  const services = events.filter((event) => event.type === 'service');
  const ready = Math.max(...services.filter(({ state }) => state === 'ready').map(({ at }) => at));
  const phases = phasesOf(events);
  const [first, last] = [phases[0], phases.at(-1)];
  if (!run || !end || !first || !last || !Number.isFinite(ready)) throw new Error('the journal is not of a whole run');

  const decided = phases.reduce((sum, phase) => sum + (decidedBy(phase, events) - phase.start), 0);
  const inPhases = phases.reduce((sum, { start, end: over }) => sum + (over - start), 0);
  const healing = healingOf(events);
  return {
    needed: decided + healing,
    boot: ready - run.at,
    firstScrape: first.start - ready,
    afterDecision: inPhases - decided,
    between: last.end - first.start - inPhases - healing,
    closing: end.at - last.end,
  };
}

/** Percent of the run spent waiting for nothing. */
export function wastedShare({ needed, ...waits }: Shares): number {
  const waited = Object.values(waits).reduce((sum, ms) => sum + ms, 0);
  return (waited / (waited + needed)) * 100;
}

interface PhaseTimes {
  readonly index: number;
  readonly kind: EventOf<'phase'>['kind'];
  readonly start: number;
  readonly end: number;
}

function phasesOf(events: readonly JournalEvent[]): PhaseTimes[] {
  const marks = events.filter((event) => event.type === 'phase');
  return marks
    .filter(({ state }) => state === 'start')
    .map(({ index, kind, at }) => {
      const over = marks.find((mark) => mark.state === 'end' && mark.index === index);
      if (over === undefined) throw new Error(`phase ${index} of the journal has no end`);
      return { index, kind, start: at, end: over.at };
    });
}

/** When the phase had nothing left to find out. Warm-up and baseline are asked for whole. */
function decidedBy({ index, kind, start, end }: PhaseTimes, events: readonly JournalEvent[]): number {
  if (kind === 'warm-up' || kind === 'baseline') return end;
  const times = events.flatMap((event) =>
    event.type === 'judgement' && event.phase === index ? [event.decidedAt ?? end] : [],
  );
  return times.length === 0 ? end : Math.min(end, Math.max(start, ...times));
}

/** From the first heal to the last of each phase; faults of one phase heal together. */
function healingOf(events: readonly JournalEvent[]): number {
  const faults = events.filter((event) => event.type === 'fault');
  return [...new Set(faults.map(({ phase }) => phase))].reduce((sum, phase) => {
    const at = (state: 'healing' | 'healed') =>
      faults.filter((event) => event.phase === phase && event.state === state).map((event) => event.at);
    const [from, to] = [at('healing'), at('healed')];
    return from.length > 0 && to.length > 0 ? sum + Math.max(...to) - Math.min(...from) : sum;
  }, 0);
}
