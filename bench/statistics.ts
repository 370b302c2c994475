/** The few statistics that small samples on a busy machine bear. All throw on nothing: no figure is made of no values. */

/** The value at a share (0 to 1) of the sorted values, between neighbours in a straight line (Hyndman and Fan, type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) throw new RangeError('a quantile of no values');
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export interface Spread {
  readonly low: number;
  readonly high: number;
  /** 'range' is least and greatest; 'quartiles' hold the middle half, for samples whose ends are accidents. */
  readonly kind: 'range' | 'quartiles';
}

const FEW = 8;

export function spread(values: readonly number[]): Spread {
  return values.length < FEW
    ? { low: quantile(values, 0), high: quantile(values, 1), kind: 'range' }
    : { low: quantile(values, 0.25), high: quantile(values, 0.75), kind: 'quartiles' };
}

/**
 * By how many percent each value exceeds the one it was measured beside. Neighbours in time share whatever else the
 * machine was doing, which a ratio of two averages would not take out.
 */
export function pairedExcess(values: readonly number[], beside: readonly number[]): number[] {
  if (values.length !== beside.length) throw new RangeError('pairs need as many values as partners');
  return values.map((value, place) => {
    const partner = beside[place];
    if (partner === undefined || partner <= 0) throw new RangeError('a pair needs a partner above 0');
    return (value / partner - 1) * 100;
  });
}

/**
 * The order of contenders in a round and its mirror image (A B C C B A): each is measured twice, and what drifts evenly
 * over the round is the same for all of them.
 */
export const mirrored = <T>(contenders: readonly T[]): T[] => [...contenders, ...contenders.toReversed()];

/** Beginning with another contender each round, so that none always comes first. */
export function rotated<T>(contenders: readonly T[], round: number): T[] {
  const start = round % contenders.length;
  return [...contenders.slice(start), ...contenders.slice(0, start)];
}

/**
 * Events a second, from their times in ms: the slope of their count over time by least squares. The jitter of single
 * events averages out, where a rate from the first to the last would carry that of these two, and a rate within a window
 * a whole event at each edge. undefined for fewer than three.
 */
export function eventRate(times: readonly number[]): number | undefined {
  if (times.length < 3) return undefined;
  const [meanTime, meanCount] = [times.reduce((sum, time) => sum + time, 0) / times.length, (times.length - 1) / 2];
  let [covariance, variance] = [0, 0];
  for (const [count, time] of times.entries()) {
    covariance += (time - meanTime) * (count - meanCount);
    variance += (time - meanTime) ** 2;
  }
  return variance === 0 ? undefined : (covariance / variance) * 1_000;
}
