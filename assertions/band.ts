/**
 * The band of a steady state, and when a series leaves it or comes back. Pure; points are [real ms, value].
 *
 * The band reaches from the lowest to the highest value seen, widened by a quarter of the median or half of the spread,
 * whichever is more: ordinary noise stays inside. A single sample outside is noise too; two in a row are not.
 */
import type { Point } from '../harness/journal.ts';

export interface Band {
  readonly low: number;
  readonly high: number;
}

export type Direction = 'rises' | 'falls' | 'moves';

const IN_A_ROW = 2;
/** So that a steady state of exactly 0 has a width. */
const LEAST_WIDTH = 1e-9;

/** undefined where there are no points: without a steady state there is nothing to compare with. */
export function bandOf(points: readonly Point[]): Band | undefined {
  if (points.length === 0) return undefined;
  const values = points.map(([, value]) => value).sort((a, b) => a - b);
  const [lowest = 0, highest = 0] = [values[0], values.at(-1)];
  const median = values[Math.floor(values.length / 2)] ?? 0;
  const margin = Math.max(Math.abs(median) / 4, (highest - lowest) / 2, LEAST_WIDTH);
  return { low: lowest - margin, high: highest + margin };
}

/** Real ms of the first of two successive points beyond the band in that direction; undefined where there are none. */
export function leaves(points: readonly Point[], band: Band, direction: Direction): number | undefined {
  const above = (value: number) => direction !== 'falls' && value > band.high;
  const below = (value: number) => direction !== 'rises' && value < band.low;
  return firstRun(points, (value) => above(value) || below(value), IN_A_ROW);
}

/** Real ms of the first of three successive points inside the band; undefined where there are none. */
export function enters(points: readonly Point[], band: Band): number | undefined {
  return firstRun(points, (value) => value >= band.low && value <= band.high, IN_A_ROW + 1);
}

function firstRun(points: readonly Point[], fits: (value: number) => boolean, length: number): number | undefined {
  let run = 0;
  for (const [index, [, value]] of points.entries()) {
    run = fits(value) ? run + 1 : 0;
    if (run === length) return points[index - length + 1]?.[0];
  }
  return undefined;
}
