/** By how much alerts fire later than the floor that scrape, range, evaluation and `for` allow. */
import type { Aim, Benchmark } from './benchmark.ts';
import { type DetectionExcess, excessesIn, perAlert } from './latencies.ts';
import { median } from './statistics.ts';

/** Six of them name seven of the shop's eight alerts; a leak takes too long to be among them. */
const SCENARIOS = [
  'pool-exhausted',
  'redis-down',
  'postgres-down',
  'error-spike',
  'event-loop-blocked',
  'lock-stampede',
];
const QUICK = 1;
/** One scenario's alerts are no median of the system: below this many values there is nothing to judge. */
const FEWEST = 5;

export const detection: Benchmark = {
  name: 'detection',
  summary: 'detection latency over its floor, over several scenarios (or those under --runs)',
  async measure({ quick, runs, say }) {
    const failures: string[] = [];
    for (const name of quick ? SCENARIOS.slice(0, QUICK) : SCENARIOS) {
      say(`flash-sale/${name}, unless there is a run of it`);
      await runs.any(`flash-sale/${name}`).catch((error: Error) => {
        if (error.name !== 'NotHeld') throw error;
        failures.push(name);
      });
    }
    const detections = runs.kept.flatMap(({ id, events }) =>
      excessesIn(events).map((found) => ({ ...found, scenario: id })),
    );
    const excesses = perAlert(detections, ({ excess }) => excess);
    const alerts = new Set(detections.map(({ alert }) => alert)).size;
    const early = excesses.filter((excess) => excess < 0).length;
    const missing = failures.length > 0 ? ` Left out, not held: ${failures.join(', ')}.` : '';
    return [
      {
        name: 'excess over the floor',
        unit: 'scenario s',
        values: excesses,
        ...(excesses.length < FEWEST ? {} : { aim: aimOf(detections) }),
        note:
          `${detections.length} detections of ${alerts} alerts in ${runs.kept.length} runs, a value for each alert of each scenario; ` +
          `${early} of ${excesses.length} were below the floor, ` +
          `because a large fault crosses a threshold before the range of its rate is full.${missing}`,
      },
      {
        name: "fault to the rule's condition being true",
        unit: 'scenario s',
        values: perAlert(detections, ({ moved }) => moved),
        note: "the system's own time-outs in it are real seconds, which a clock at speed 60 counts as minutes.",
      },
      {
        name: 'firing to notified',
        unit: 'scenario s',
        values: perAlert(detections, ({ told }) => told),
        note: "Alertmanager's group_wait (10 s for critical, 30 s for warning) is in it.",
      },
    ];
  },
};

/** One scrape and one evaluation. */
const aimOf = (detections: readonly DetectionExcess[]): Aim => ({
  is: 'under',
  value: median(detections.map(({ grain }) => grain)),
  ifMissed: 'The system itself was slow to show the fault: see the next line.',
});
