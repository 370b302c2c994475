/**
 * The band of a steady state, and when a series leaves it or comes back. Pure; points are [real ms, value].
 *
 * The band holds the middle four fifths of what was seen, widened by a quarter of the median or half of its own width,
 * whichever is more: a steady state has its spikes, and one of them must not hide a reaction. In turn a spike is no
 * reaction: leaving takes three samples in a row outside, coming back three inside.
 */
import type { Point } from '../harness/journal.ts';

export interface Band {
  readonly low: number;
  readonly high: number;
}

export type Direction = 'rises' | 'falls' | 'moves';

const IN_A_ROW = 3;
const TAIL = 0.1;
/** So that a steady state of exactly 0 has a width. */
const LEAST_WIDTH = 1e-9;

/** undefined where there are no points: without a steady state there is nothing to compare with. */
export function bandOf(points: readonly Point[]): Band | undefined {
  if (points.length === 0) return undefined;
  const values = points.map(([, value]) => value).sort((a, b) => a - b);
  const at = (place: number) => values[place] ?? 0;
  const last = values.length - 1;
  const tail = Math.round(TAIL * last); // as many at either end, or dips and spikes would count differently
  const [lowest, median, highest] = [at(tail), at(Math.round(last / 2)), at(last - tail)];
  const margin = Math.max(Math.abs(median) / 4, (highest - lowest) / 2, LEAST_WIDTH);
  return { low: lowest - margin, high: highest + margin };
}

/** Real ms of the first of three successive points beyond the band in that direction; undefined where there are none. */
export function leaves(points: readonly Point[], band: Band, direction: Direction): number | undefined {
  const above = (value: number) => direction !== 'falls' && value > band.high;
  const below = (value: number) => direction !== 'rises' && value < band.low;
  return firstRun(points, (value) => above(value) || below(value), IN_A_ROW);
}

/** Real ms of the first of three successive points inside the band; undefined where there are none. */
export function enters(points: readonly Point[], band: Band): number | undefined {
  return firstRun(points, (value) => value >= band.low && value <= band.high, IN_A_ROW);
}

function firstRun(points: readonly Point[], fits: (value: number) => boolean, length: number): number | undefined {
  let run = 0;
  for (const [index, [, value]] of points.entries()) {
    run = fits(value) ? run + 1 : 0;
    if (run === length) return points[index - length + 1]?.[0];
  }
  return undefined;
}
