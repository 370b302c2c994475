import type { EventOf } from '../../harness/journal.ts';
import type { Judgement, RunJson } from '../run-json.ts';
import type { ToMoment } from './timescale.ts';

/** Judgements under the phase they were made for, phases in order, then those over the whole run. */
export function judgementGroups(
  run: EventOf<'run'>,
  events: readonly EventOf<'judgement'>[],
  moment: ToMoment,
): RunJson['judgements'] {
  const known = new Set(run.phases.map((phase) => phase.index));
  const groups = [
    ...run.phases.map((phase) => ({
      phase: phase.index as number | null,
      title: phase.title === '' || phase.title === phase.kind ? phase.kind : `${phase.kind}: ${phase.title}`,
      events: events.filter((event) => event.phase === phase.index),
    })),
    {
      phase: null,
      title: 'over the whole run',
      events: events.filter((event) => event.phase === null || !known.has(event.phase)),
    },
  ];
  return groups
    .filter((group) => group.events.length > 0)
    .map(({ phase, title, events: own }) => ({ phase, title, judgements: own.map((one) => judgement(one, moment)) }));
}

export function countVerdicts(events: readonly EventOf<'judgement'>[]): RunJson['counts'] {
  const counts = { held: 0, broken: 0, unknown: 0 };
  for (const { verdict } of events) counts[verdict] += 1;
  return counts;
}

function judgement(event: EventOf<'judgement'>, moment: ToMoment): Judgement {
  const { proves, chart } = event;
  return {
    id: event.id,
    kind: event.kind,
    title: event.title,
    chapter: event.chapter ?? null,
    verdict: event.verdict,
    headline: event.headline,
    expected: event.expected,
    received: event.received,
    query: event.query ?? null,
    timeline: event.timeline.map(({ at, what }) => ({ moment: moment(at), what })),
    floor: event.floor ?? null,
    decided: event.decidedAt === undefined ? null : moment(event.decidedAt),
    chart: chart === undefined ? null : { keys: chart.keys, unit: chart.unit, threshold: chart.threshold ?? null },
    proves: { alert: proves.alert ?? null, panel: proves.panel ?? null, metric: proves.metric ?? null },
  };
}
