/** Every scenario of the project holds, and together they prove everything the system owes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findScenarios } from '../cli/scenarios.ts';
import { readCatalog } from '../monitoring/contract.ts';
import type { RunJson } from '../reports/run-json.ts';
import { type Place, place } from './command.ts';

const scenarios = await findScenarios(join(import.meta.dirname, '../scenarios'));
const PANELS: Readonly<Record<string, number>> = { 'flash-sale': 16, audio: 47 };
const runs: RunJson[] = [];
let here: Place;
beforeAll(() => {
  here = place();
});
afterAll(() => here[Symbol.dispose]());

test.each(scenarios.map(({ id }) => id))('%s holds', async (id) => {
  const { code, stderr } = await here.run(id).finished;
  expect(code, stderr).toBe(0);
  const run = JSON.parse(readFileSync(join(here.out, 'latest/run.json'), 'utf8')) as RunJson;
  expect([run.id, run.verdict]).toEqual([id, 'held']);
  runs.push(run);
});

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
