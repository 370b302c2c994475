/** When things happen in the sample run, and how hard the fault bites at a moment. */

const START = Date.UTC(2026, 10, 23, 2, 15, 0);
export const SPEED = 60;
export const STEP_MS = 250;
/** Real milliseconds from the start of the run. */
export const TIMES = {
  boot: 1_900,
  baseline: 2_900,
  fault: 7_900,
  proven: 8_120,
  moved: 8_350,
  pending: 8_900,
  firing: 14_150,
  notified: 14_420,
  heal: 16_650,
  resolved: 17_400,
  resolvedNotified: 17_950,
  drained: 24_900,
  end: 25_300,
} as const;

export const at = (offsetMs: number): number => START + offsetMs;

/** 1 while the fault bites, 0 when it does not, with a short way up and down. */
export function pressure(offsetMs: number, faulty: boolean, lagMs: number): number {
  if (!faulty) return 0;
  const up = (offsetMs - TIMES.fault - lagMs) / 900;
  const down = (offsetMs - TIMES.heal - lagMs * 0.6) / 700;
  return Math.max(0, Math.min(1, up)) * (1 - Math.max(0, Math.min(1, down)));
}

/** Seeded, uniform in [0, 1): mulberry32, public domain, by Tommy Ettinger. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
