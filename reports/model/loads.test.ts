import { expect, test } from 'vitest';
import { sampleRun } from '../sample.ts';
import { lanesOf, loadRuns } from './loads.ts';

const sample = sampleRun('quiet');
const tick = sample.find((event) => event.type === 'load');
const total = sample.find((event) => event.type === 'load-total');
if (tick?.type !== 'load' || total?.type !== 'load-total') throw new Error('the sample has no load');
const ticks = (description: string, ...times: number[]) => times.map((at) => ({ ...tick, at, description }));
const drained = (description: string, at: number) => ({ ...total, at, description });
const names = (runs: ReturnType<typeof loadRuns>) =>
  runs.map(({ report, ticks: own }) => [report.description, own.length]);

test('loads side by side keep their own ticks and a lane each', () => {
  const runs = loadRuns([
    ...[0, 1, 2].flatMap((at) => [...ticks('buyers', at), ...ticks('shoppers', at)]),
    drained('buyers', 3),
  ]);
  expect(names(runs)).toEqual([
    ['buyers', 3],
    ['shoppers', 3],
  ]);
  expect(runs.map(({ report }) => report.totals === null)).toEqual([false, true]);
  expect(lanesOf(runs)).toHaveLength(2);
});

test('one that runs twice is there twice, and loads one after another share a lane', () => {
  const runs = loadRuns([
    ...ticks('buyers', 0, 1),
    drained('buyers', 1),
    ...ticks('stampede', 2, 3),
    drained('stampede', 3),
    ...ticks('buyers', 4),
    drained('buyers', 4),
  ]);
  expect(names(runs)).toEqual([
    ['buyers', 2],
    ['stampede', 2],
    ['buyers', 1],
  ]);
  expect(lanesOf(runs)).toHaveLength(1);
});

test('ticks from before they had names belong to the total that follows', () => {
  const unnamed = [0, 1].map((at) => ({ ...tick, at, driver: '', description: '' }));
  expect(names(loadRuns([...unnamed, drained('buyers', 2)]))).toEqual([['buyers', 2]]);
});
