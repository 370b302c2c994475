/** Samples arrive in small parcels, over and over; here they become whole series again. */
import type { EventOf, Point, Series } from '../../harness/journal.ts';

/** Series by query key, joined over all parcels by their labels, in time order, each time once. */
export function seriesByKey(events: readonly EventOf<'samples'>[]): Map<string, Series[]> {
  const byKey = new Map<string, Map<string, { labels: Series['labels']; points: Point[] }>>();
  for (const { key, series } of events) {
    const known = byKey.get(key) ?? new Map<string, { labels: Series['labels']; points: Point[] }>();
    byKey.set(key, known);
    for (const { labels, points } of series) {
      const identity = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const existing = known.get(identity);
      if (existing === undefined) known.set(identity, { labels, points: [...points] });
      else for (const point of points) existing.points.push(point);
    }
  }
  return new Map([...byKey].map(([key, known]) => [key, [...known.values()].map(inOrder)]));
}

/** A later parcel may repeat the end of the one before it; the later value of a time wins. */
function inOrder({ labels, points }: { labels: Series['labels']; points: Point[] }): Series {
  const sorted = points.every((point, index) => index === 0 || point[0] > (points[index - 1]?.[0] ?? 0));
  return { labels, points: sorted ? points : [...new Map(points)].sort(([a], [b]) => a - b) };
}
