/** The journal in memory, in the shape judges ask it: series by query, notifications, log lines. Fed event by event. */
import type { Query } from './expectation.ts';
import type { EventOf, JournalEvent, Point, Series } from './journal.ts';

interface Recorded {
  until: number;
  readonly series: Map<string, { labels: Readonly<Record<string, string>>; points: Point[] }>;
}

export class RunRecord {
  readonly notifications: EventOf<'notification'>[] = [];
  readonly logs: EventOf<'log'>[] = [];
  readonly visits: EventOf<'visit'>[] = [];
  readonly faults: EventOf<'fault'>[] = [];
  /** What each load came to. */
  readonly totals: EventOf<'load-total'>[] = [];
  /** Facts by the name of the invariant they were observed for. */
  readonly observations = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #recorded = new Map<string, Recorded>();

  add(event: JournalEvent): void {
    if (event.type === 'notification') this.notifications.push(event);
    else if (event.type === 'log') this.logs.push(event);
    else if (event.type === 'visit') this.visits.push(event);
    else if (event.type === 'fault') this.faults.push(event);
    else if (event.type === 'load-total') this.totals.push(event);
    else if (event.type === 'observation') this.observations.set(event.invariant, event.facts);
    else if (event.type === 'samples') this.#addSamples(event);
  }

  /** Every series of a query with its points in [from, to]; series without a point there are left out. */
  series(query: Query, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): Series[] {
    const result: Series[] = [];
    for (const { labels, points } of this.#recorded.get(query.key)?.series.values() ?? []) {
      const within = points.filter(([at]) => at >= from && at <= to);
      if (within.length > 0) result.push({ labels, points: within });
    }
    return result;
  }

  /** How far the query has been asked, real ms; -Infinity where it never was. */
  until(query: Query): number {
    return this.#recorded.get(query.key)?.until ?? Number.NEGATIVE_INFINITY;
  }

  #addSamples(event: EventOf<'samples'>): void {
    const recorded = this.#recorded.get(event.key) ?? { until: event.until, series: new Map() };
    recorded.until = Math.max(recorded.until, event.until);
    this.#recorded.set(event.key, recorded);
    for (const { labels, points } of event.series) {
      const id = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const known = recorded.series.get(id);
      if (known) known.points.push(...points);
      else recorded.series.set(id, { labels, points: [...points] });
    }
  }
}
