/**
 * Thins a series out for drawing without losing what a reader looks for: in every bucket of time the lowest and the
 * highest sample stay, so a spike of one sample is still a spike.
 */
import type { Point } from '../../harness/journal.ts';

/** At most `limit` points (an even number of at least 4); a short series comes back as it is. */
export function downsample(points: readonly Point[], limit: number): readonly Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (points.length <= limit || first === undefined || last === undefined) return points;
  const buckets = Math.floor(limit / 2) - 1;
  const width = (last[0] - first[0]) / buckets || 1;
  const kept: Point[] = [first];
  let index = 1;
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const end = bucket === buckets - 1 ? Number.POSITIVE_INFINITY : first[0] + (bucket + 1) * width;
    let low: Point | undefined;
    let high: Point | undefined;
    for (let point = points[index]; point !== undefined && point[0] < end && index < points.length - 1; ) {
      if (low === undefined || point[1] < low[1]) low = point;
      if (high === undefined || point[1] > high[1]) high = point;
      index += 1;
      point = points[index];
    }
    if (low === undefined || high === undefined) continue;
    if (low === high) kept.push(low);
    else kept.push(...(low[0] < high[0] ? [low, high] : [high, low]));
  }
  kept.push(last);
  return kept;
}

/**
 * The times at which a line must break: where the next sample comes later than four usual steps. A scrape that failed
 * must not look like a straight line.
 */
export function gaps(points: readonly Point[]): ReadonlySet<number> {
  const steps = points.slice(1).map((point, index) => point[0] - (points[index]?.[0] ?? 0));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return new Set(steps.flatMap((step, index) => (usual > 0 && step > 4 * usual ? [points[index]?.[0] ?? 0] : [])));
}
