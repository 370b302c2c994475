/** From the command to the verdict of flash-sale/pool-exhausted at speed 60, and what of that was waiting for nothing. */
import type { Benchmark } from './benchmark.ts';
import { NotHeld, type TimedRun } from './runs.ts';
import { median } from './statistics.ts';
import { type Shares, sharesOf, wastedShare } from './waits.ts';

const SCENARIO = 'flash-sale/pool-exhausted';

export const verdict: Benchmark = {
  name: 'verdict',
  summary: `${SCENARIO} at speed 60: command to verdict, and the share spent waiting for nothing`,
  async measure({ quick, runs, say }) {
    const times = quick ? 1 : 3;
    const timed: TimedRun[] = [];
    let failed: NotHeld | undefined;
    for (let turn = 0; turn < times; turn++) {
      say(`${SCENARIO}, run ${turn + 1} of ${times}`);
      try {
        timed.push(await runs.fresh(SCENARIO));
      } catch (error) {
        if (!(error instanceof NotHeld)) throw error;
        failed = error;
      }
    }
    if (timed.length === 0) throw failed ?? new Error('there were no runs');
    const shares = timed.map(({ events }) => sharesOf(events));
    const part = (name: keyof Shares) => `${(median(shares.map((share) => share[name])) / 1000).toFixed(2)} s`;
    return [
      {
        name: 'command to verdict',
        unit: 's',
        values: timed.map(({ toVerdictMs }) => toVerdictMs / 1000),
        aim: { is: 'under', value: 40, ifMissed: "See the share below, and the scenario's own phases." },
        ...(failed ? { note: `${times - timed.length} of ${times} runs left out: ${failed.message}` } : {}),
      },
      {
        name: 'command to end, reports written',
        unit: 's',
        values: timed.map(({ toExitMs }) => toExitMs / 1000),
      },
      {
        name: 'share waiting for nothing',
        unit: '%',
        values: shares.map(wastedShare),
        note:
          `of the run, ${part('needed')} were needed; boot ${part('boot')}, first scrape ${part('firstScrape')}, ` +
          `phases after their last decision ${part('afterDecision')}, between phases ${part('between')}, ` +
          `from the last phase to the verdict ${part('closing')} (medians).`,
      },
    ];
  },
};
