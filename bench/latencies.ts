/** Detection latency beside its floor, from the journals of held runs. */
import type { JournalEvent } from '../harness/journal.ts';
import { median } from './statistics.ts';

export interface DetectionExcess {
  readonly alert: string;
  /** All in scenario seconds. From the fault to firing, less the floor; below 0 where a range need not fill to react. */
  readonly excess: number;
  /** From the fault to the first evaluation in which the rule's condition was true: the system's own share. */
  readonly moved: number;
  /** From firing to the receiver having it; undefined where nobody was told. */
  readonly told: number | undefined;
  /** One scrape and one evaluation, as this run had them. */
  readonly grain: number;
}

/**
 * One value for each alert of each scenario, the median of its runs: a scenario that ran more often weighs no more.
 * Undefined values are left out.
 */
export function perAlert(
  detections: readonly (DetectionExcess & { readonly scenario: string })[],
  value: (detection: DetectionExcess) => number | undefined,
): number[] {
  const groups = Map.groupBy(detections, ({ scenario, alert }) => `${scenario} ${alert}`);
  return [...groups.values()].flatMap((group) => {
    const values = group.flatMap((detection) => value(detection) ?? []);
    return values.length === 0 ? [] : [median(values)];
  });
}

/**
 * Of the alerts that the scenario names: what else fired in a run is an accident, not a detection of its fault. Throws
 * where the journal has no beginning.
 */
export function excessesIn(events: readonly JournalEvent[]): DetectionExcess[] {
  const run = events.find((event) => event.type === 'run');
  if (run === undefined) throw new Error('a journal without a beginning');
  const named = new Set(run.alerts.filter((alert) => alert.named).map(({ name }) => name));
  const scenario = (realMs: number) => (realMs * run.speed) / 1000;
  return events.flatMap((event) => {
    if (event.type !== 'detection' || event.firing === undefined || !named.has(event.alert)) return [];
    const { alert, fault, firing, moved = firing, notified, floor } = event;
    return [
      {
        alert,
        excess: scenario(firing - fault) - floor.total / 1000,
        moved: scenario(moved - fault),
        told: notified === undefined ? undefined : scenario(notified - firing),
        grain: (run.intervals.scrape + run.intervals.evaluation) / 1000,
      },
    ];
  });
}
