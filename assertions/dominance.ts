/** Which of several series leads, and with which share of their sum. Pure; points are [real ms, value]. */
import type { Labels, Series } from '../harness/journal.ts';

/** At one moment. */
export interface Standing {
  readonly at: number;
  /** Of the sum of all series, 0 to 1: of those with the labels, and of the largest other. 0 where the sum is 0. */
  readonly share: number;
  readonly rival: { readonly labels: Labels; readonly share: number } | undefined;
}

const IN_A_ROW = 3;

/** Moment by moment, in time order. Values that are no numbers count as absent. */
export function standings(series: readonly Series[], wanted: Labels): Standing[] {
  const moments = new Map<number, { labels: Labels; value: number }[]>();
  for (const { labels, points } of series) {
    for (const [at, value] of points) {
      if (!Number.isFinite(value)) continue;
      const there = moments.get(at) ?? [];
      moments.set(at, there);
      there.push({ labels, value });
    }
  }
  return [...moments]
    .sort(([a], [b]) => a - b)
    .map(([at, values]) => {
      const sum = values.reduce((total, { value }) => total + value, 0);
      const shareOf = (value: number) => (sum > 0 ? value / sum : 0);
      const own = values.filter(({ labels }) => fits(labels, wanted)).reduce((total, { value }) => total + value, 0);
      const [rival] = values.filter(({ labels }) => !fits(labels, wanted)).sort((a, b) => b.value - a.value);
      return {
        at,
        share: shareOf(own),
        rival: rival && { labels: rival.labels, share: shareOf(rival.value) },
      };
    });
}

/** The first of three successive moments at which more than half is theirs. */
export function dominates(moments: readonly Standing[]): Standing | undefined {
  return moments.find((_, index) => {
    const run = moments.slice(index, index + IN_A_ROW);
    return run.length === IN_A_ROW && run.every(({ share }) => share > 0.5);
  });
}

const fits = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** 'reason="ffmpeg_timeout"' */
export const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
