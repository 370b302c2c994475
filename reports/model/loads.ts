/** Loads as they ran: each with its own ticks, closed by its totals where it drained. */
import type { EventOf } from '../../harness/journal.ts';
import type { LoadReport } from '../run-json.ts';

/** One load from its start to its end. */
export interface LoadRun {
  readonly report: LoadReport;
  readonly ticks: readonly EventOf<'load'>[];
}

type LoadEvent = EventOf<'load'> | EventOf<'load-total'>;

/** In the order they began. `events` in the order written. A journal from before ticks had names has one load at a time. */
export function loadRuns(events: readonly LoadEvent[]): LoadRun[] {
  const open = new Map<string, { ticks: EventOf<'load'>[]; totals?: EventOf<'load-total'> }>();
  const runs: { ticks: EventOf<'load'>[]; totals?: EventOf<'load-total'> }[] = [];
  for (const event of events) {
    const name = nameOf(event);
    // Its ticks may be from before they had names.
    const key = !open.has(name) && event.type === 'load-total' && open.has(UNNAMED) ? UNNAMED : name;
    const run = open.get(key) ?? { ticks: [] };
    if (!open.has(key)) runs.push(run);
    open.set(key, run);
    if (event.type === 'load') run.ticks.push(event);
    else {
      run.totals = event;
      open.delete(key);
    }
  }
  return runs.map(({ ticks, totals }) => ({ report: reportOf(ticks, totals), ticks }));
}

const nameOf = ({ driver, description }: LoadEvent): string => JSON.stringify([driver, description]);
const UNNAMED = JSON.stringify(['', '']);

function reportOf(ticks: readonly EventOf<'load'>[], totals?: EventOf<'load-total'>): LoadReport {
  const { driver = '', description = '' } = totals ?? ticks[0] ?? {};
  return {
    driver,
    description,
    ticks: ticks.length,
    totals:
      totals === undefined
        ? null
        : {
            driver,
            scheduled: totals.scheduled,
            started: totals.started,
            dropped: totals.dropped,
            unanswered: totals.unanswered,
            answers: totals.answers,
            outcomes: totals.outcomes,
            receipts: totals.receipts.length,
            latencyMs: totals.latency,
            startLagMs: totals.startLag,
            report: totals.report ?? null,
          },
  };
}

/** Loads in lanes: those that ran one after another share one, those that ran side by side have one each. */
export function lanesOf(runs: readonly LoadRun[]): (readonly LoadRun[])[] {
  const lanes: LoadRun[][] = [];
  for (const run of runs) {
    const begin = run.ticks[0]?.at;
    if (begin === undefined) continue;
    const free = lanes.find((lane) => (lane.at(-1)?.ticks.at(-1)?.at ?? 0) <= begin);
    if (free) free.push(run);
    else lanes.push([run]);
  }
  return lanes;
}
