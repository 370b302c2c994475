import { expect, it } from 'vitest';
import type { EventOf } from '../harness/journal.ts';
import { sampleRun } from '../reports/sample.ts';
import { type DetectionExcess, excessesIn, perAlert } from './latencies.ts';

const events = sampleRun('held');
const run = events.find((event) => event.type === 'run') as EventOf<'run'>;
const [alert] = run.alerts;
if (alert === undefined) throw new Error('the sample has no alerts');

const floor = { scrape: 5_000, range: 0, evaluation: 15_000, for: 60_000, total: 80_000 };
const detection = (over: Partial<EventOf<'detection'>> = {}): EventOf<'detection'> => ({
  type: 'detection',
  at: 9_999,
  alert: alert.name,
  fault: 1_000,
  moved: 1_500,
  pending: 1_500,
  firing: 2_500,
  notified: 2_700,
  floor,
  ...over,
});
const at60 = (named: boolean): EventOf<'run'> => ({ ...run, speed: 60, alerts: [{ ...alert, named }] });

it('is firing less fault less floor, in scenario seconds', () => {
  expect(excessesIn([at60(true), detection()])).toEqual([
    {
      alert: alert.name,
      excess: 10,
      moved: 30,
      told: 12,
      grain: (run.intervals.scrape + run.intervals.evaluation) / 1000,
    },
  ]);
});

it('leaves out alerts that the scenario did not name', () => {
  expect(excessesIn([at60(false), detection()])).toEqual([]);
});

it('leaves out what never fired', () => {
  const { firing: _, ...pendingOnly } = detection();
  expect(excessesIn([at60(true), pendingOnly])).toEqual([]);
});

it('counts an alert of a scenario once, however often it ran', () => {
  const one = (scenario: string, excess: number, told?: number): DetectionExcess & { scenario: string } => ({
    scenario,
    alert: 'A',
    excess,
    moved: 0,
    told,
    grain: 27,
  });
  const all = [one('a', 1), one('a', 3), one('a', 2, 11), one('b', 10)];
  expect(perAlert(all, ({ excess }) => excess)).toEqual([2, 10]);
  expect(perAlert(all, ({ told }) => told)).toEqual([11]);
});
