/**
 * Three values. 'unknown' is the answer wherever the data that would decide is missing: no data is never a pass.
 */
export type Verdict = 'held' | 'broken' | 'unknown';

/** Broken outweighs unknown, unknown outweighs held; nothing judged at all is unknown. */
export function overall(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'unknown';
  if (verdicts.includes('broken')) return 'broken';
  return verdicts.includes('unknown') ? 'unknown' : 'held';
}

/** The exit code of a run: 0 held, 1 broken, 2 unknown. */
export const exitCodeOf = (verdict: Verdict): number => ({ held: 0, broken: 1, unknown: 2 })[verdict];
