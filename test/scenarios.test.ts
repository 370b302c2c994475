/** Every scenario of the project holds, and together they prove everything the system owes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findScenarios } from '../cli/scenarios.ts';
import { readCatalog } from '../monitoring/contract.ts';
import type { RunJson } from '../reports/run-json.ts';
import { place } from './command.ts';

const scenarios = await findScenarios(join(import.meta.dirname, '../scenarios'));
const PANELS: Readonly<Record<string, number>> = { 'flash-sale': 16, audio: 47 };
const runs: RunJson[] = [];

async function holds(id: string): Promise<void> {
  using here = place();
  const { code, stderr } = await here.run(id).finished;
  expect(code, stderr).toBe(0);
  const run = JSON.parse(readFileSync(join(here.out, 'latest/run.json'), 'utf8')) as RunJson;
  expect([run.id, run.verdict]).toEqual([id, 'held']);
  runs.push(run);
}

/**
 * Light ones, of which two take half of a slow machine. None of audio's: its ffmpeg alone takes that, and two of its stacks
 * starve each other.
 */
const SIDE_BY_SIDE = [
  'flash-sale/app-killed',
  'flash-sale/bad-deploy',
  'flash-sale/error-spike',
  'flash-sale/memory-leak',
  'flash-sale/postgres-down',
  'flash-sale/redis-down',
  'flash-sale/sale-rotates',
];

describe.concurrent('two at a time', () => {
  test.each(SIDE_BY_SIDE)('%s holds', holds);
});

test.each(scenarios.map(({ id }) => id).filter((id) => !SIDE_BY_SIDE.includes(id)))('%s holds', holds);

describe.each(Object.entries(readCatalog()))('%s', (system, owed) => {
  const proven = (kind: 'alerts' | 'panels' | 'metrics') =>
    new Set(runs.filter(({ id }) => id.startsWith(`${system}/`)).flatMap((run) => run.coverage[kind]));

  test('every alert is proven: it fired, notified and resolved', () => {
    expect(owed.alerts.map(({ name }) => name).filter((name) => !proven('alerts').has(name))).toEqual([]);
  });

  test('every panel reacted', () => {
    const panels = owed.dashboards.flatMap(({ rows }) => Object.values(rows).flat());
    expect(panels).toHaveLength(PANELS[system] ?? 0);
    expect(panels.filter((name) => !proven('panels').has(name))).toEqual([]);
  });

  test('every metric moved', () => {
    expect(owed.metrics.map(({ name }) => name).filter((name) => !proven('metrics').has(name))).toEqual([]);
  });
});
