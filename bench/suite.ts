/** Every scenario of the audio network as one command runs them: wall-clock time, and what of it was waiting for nothing. */
import type { Benchmark } from './benchmark.ts';
import { sharesOf, wastedShare } from './waits.ts';

const PATTERN = 'audio/*';

export const suite: Benchmark = {
  name: 'suite',
  summary: `every scenario of ${PATTERN} at speed 60, one after the other: command to end`,
  takes: 'ten minutes',
  async measure({ runs, say }) {
    say(`npm run scenario -- '${PATTERN}'`);
    const { runs: each, toExitMs } = await runs.suite(PATTERN);
    const lasted = each.map(
      ({ events }) => ((events.at(-1)?.at ?? Number.NaN) - (events[0]?.at ?? Number.NaN)) / 1_000,
    );
    return [
      {
        name: 'command to end, reports written',
        unit: 's',
        values: [toExitMs / 1_000],
        note: `${each.length} scenarios.`,
      },
      { name: 'a scenario, start to verdict', unit: 's', values: lasted },
      {
        name: 'share waiting for nothing',
        unit: '%',
        values: each.map(({ events }) => wastedShare(sharesOf(events))),
        note: 'boot, the wait for the first scrape, and the draining of the queue are the most of it.',
      },
    ];
  },
};
