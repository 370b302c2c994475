/**
 * Starts iterations on schedule, never earlier. Node's timers have a grain of a millisecond and may fire up to one
 * early, so the last stretch is waited out by turning the event loop; that costs processor time, so it is allowed a
 * twentieth of a core and no more. Where the pacer itself was held up, everything overdue starts at once: the schedule
 * is kept, and the lag is reported.
 */
import type { Schedule } from './schedule.ts';

const SPIN_SHARE = 0.05;
/** A long wait is cut into pieces: setTimeout takes no more than 2^31 ms, and an endless wait is one that stop() ends. */
const LONGEST_WAIT_MS = 60_000;

export interface Pacer {
  stop(): void;
}

/** `start(number, due)`: `due` is when the iteration should have begun, on performance.now()'s scale. */
export function pace(schedule: Schedule, start: (number: number, due: number) => void): Pacer {
  const origin = performance.now();
  let [number, spun, stopped] = [0, 0, false];
  let next = origin + schedule.dueAt(0);
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  const startDue = (): void => {
    const now = performance.now();
    while (next <= now && !stopped) {
      start(number, next);
      number += 1;
      next = origin + schedule.dueAt(number);
    }
    if (!stopped) waitFrom(performance.now());
  };

  const waitFrom = (now: number): void => {
    const wait = next - now;
    if (wait >= 1) {
      timer = setTimeout(startDue, Math.min(Math.floor(wait), LONGEST_WAIT_MS));
    } else if (spun <= (now - origin) * SPIN_SHARE) {
      immediate = setImmediate(() => {
        spun += performance.now() - now;
        startDue();
      });
    } else {
      timer = setTimeout(startDue, 1);
    }
  };

  waitFrom(origin);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearImmediate(immediate);
    },
  };
}
