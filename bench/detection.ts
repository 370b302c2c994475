/** By how much alerts fire later than the floor that scrape, range, evaluation and `for` allow. */
import type { Benchmark } from './benchmark.ts';
import { excessesIn } from './latencies.ts';
import { median } from './statistics.ts';

/** Each of the shop's alerts is named by one of these at least, the quick ones first. */
const SCENARIOS = [
  'pool-exhausted',
  'redis-down',
  'postgres-down',
  'error-spike',
  'event-loop-blocked',
  'lock-stampede',
];
const QUICK = 2;

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
    const detections = runs.kept.flatMap(({ events }) => excessesIn(events));
    const alerts = new Set(detections.map(({ alert }) => alert)).size;
    const early = detections.filter(({ excess }) => excess < 0).length;
    const missing = failures.length > 0 ? ` Left out, not held: ${failures.join(', ')}.` : '';
    return [
      {
        name: 'excess over the floor',
        unit: 'scenario s',
        values: detections.map(({ excess }) => excess),
        aim: {
          is: 'under',
          value: median(detections.map(({ grain }) => grain)),
          ifMissed: 'The system itself was slow to show the fault: see the next line.',
        },
        note:
          `${detections.length} detections of ${alerts} alerts in ${runs.kept.length} runs; ${early} were below the floor, ` +
          `because a large fault crosses a threshold before the range of its rate is full.${missing}`,
      },
      {
        name: "fault to the rule's condition being true",
        unit: 'scenario s',
        values: detections.map(({ moved }) => moved),
        note: "the system's own time-outs in it are real seconds, which a clock at speed 60 counts as minutes.",
      },
      {
        name: 'firing to notified',
        unit: 'scenario s',
        values: detections.flatMap(({ told }) => (told === undefined ? [] : [told])),
        note: "Alertmanager's group_wait (10 s for critical, 30 s for warning) is in it.",
      },
    ];
  },
};
