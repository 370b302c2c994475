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

const of = (system: string) => scenarios.map(({ id }) => id).filter((id) => id.startsWith(`${system}/`));

test('every scenario is of a system that is tested here', () => {
  expect(scenarios).toHaveLength(of('flash-sale').length + of('audio').length);
});

/** They are about a processor that has enough to do. */
const BUSY = ['audio/large-files', 'audio/queue-backlog', 'audio/dead-letters-accumulate'];

// Two at a time: they leave half of the machine idle, and nothing in audio's monitoring measures the machine.
describe.concurrent('two at a time', () => {
  test.each(of('audio').filter((id) => !BUSY.includes(id)))('%s holds', holds);
});

// The shop is watched for a slow event loop and slow answers, which a neighbour brings about.
test.each([...BUSY, ...of('flash-sale')])('%s holds', holds);

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
