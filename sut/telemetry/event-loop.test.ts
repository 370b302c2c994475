import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../testing.ts';
import { type DelayHistogram, eventLoopLag, LagWindows } from './event-loop.ts';

/** A histogram that is told what it holds: the worst sample since its reset, in seconds above the sampling interval. */
function histogram(): DelayHistogram & { stall(seconds: number): void } {
  let worst = 0;
  let count = 0;
  return {
    stall(seconds) {
      worst = Math.max(worst, seconds);
      count += 1;
    },
    get count() {
      return count;
    },
    percentile: () => (worst + 0.01) * 1e9,
    reset() {
      worst = 0;
      count = 0;
    },
  };
}

function windows() {
  const pair = [histogram(), histogram()] as const;
  let now = 0;
  const lag = new LagWindows(pair, 1_000, () => now);
  return {
    stall: (seconds: number) => {
      for (const each of pair) each.stall(seconds);
    },
    readAt: (ms: number) => {
      now = ms;
      return Math.round(lag.read() * 1e6) / 1e6;
    },
  };
}

describe('event loop lag', () => {
  test('is 0 before the first sample', () => {
    expect(windows().readAt(10)).toBe(0);
  });

  test('of one stall is seen by two scrapers that take turns', () => {
    const { stall, readAt } = windows();
    readAt(5_000); // one scraper
    readAt(7_000); // the other
    stall(0.4);
    expect(readAt(10_000)).toBe(0.4);
    expect(readAt(12_000)).toBe(0.4);
  });

  test('is forgotten after two windows', () => {
    const { stall, readAt } = windows();
    stall(0.4);
    const seen = [200, 600, 1_000, 1_400, 2_000, 2_400, 3_000, 3_400, 4_000].map(readAt);
    expect(seen[0]).toBe(0.4);
    expect(seen.at(-1)).toBe(0);
  });

  test('between two rare readings is not lost', () => {
    const { stall, readAt } = windows();
    readAt(15_000);
    readAt(30_000);
    stall(1.5);
    expect(readAt(45_000)).toBe(1.5);
  });

  test('rises when the loop is really blocked', async () => {
    const lag = eventLoopLag();
    await sleep(50);
    const block = () => {
      const until = performance.now() + 150;
      while (performance.now() < until);
    };
    await eventually(async () => {
      block();
      await sleep(15);
      return lag.p99() > 0.1;
    });
    lag.stop();
  });
});
