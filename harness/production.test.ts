/**
 * The production files of every system on a fast clock, whether a scenario names them or not: each rule and each panel
 * means at the default speed what it means in production. What a scenario's `check` would refuse is found here first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { check } from './check.ts';
import { createClock } from './clock.ts';
import { makePlan, onTheClock, type Plan } from './plan.ts';
import { during, scenario } from './scenario.ts';
import type { Monitoring } from './system.ts';
import { anExpectation, aSystem, idleLoad } from './testing.ts';

const DEFAULT_SPEED = 60;
const inMonitoring = (path: string) => fileURLToPath(new URL(`../monitoring/${path}`, import.meta.url));
const read = (path: string) => readFileSync(inMonitoring(path), 'utf8');

interface Catalog {
  readonly systems: Readonly<
    Record<string, Pick<Monitoring, 'metrics'> & { dashboards: { title: string }[]; scrape_interval: `${number}s` }>
  >;
}
const catalog = JSON.parse(read('catalog.json')) as Catalog;
const folder = 'grafana/dashboards/';
const titles = new Map(
  readdirSync(inMonitoring(folder)).map((file) => {
    const { title } = JSON.parse(read(folder + file)) as { title: string };
    return [title, inMonitoring(folder + file)];
  }),
);
/** By the rule file they load: the configuration of each system. */
const configs = new Map(
  readdirSync(inMonitoring('prometheus/'))
    .filter((file) => file.endsWith('.yml'))
    .map((file) => {
      const { rule_files } = parse(read(`prometheus/${file}`)) as { rule_files: string[] };
      return [rule_files.join(), inMonitoring(`prometheus/${file}`)];
    }),
);

function planOf(name: string, speed: number, over: Partial<Monitoring> = {}): Promise<Plan> {
  const system = catalog.systems[name];
  const rules = `rules/${name}.yml`;
  const monitoring: Monitoring = {
    prometheusConfig: configs.get(rules) ?? '',
    alertmanagerConfig: inMonitoring('alertmanager/alertmanager.yml'),
    ruleFiles: [inMonitoring(`prometheus/${rules}`)],
    dashboardFiles: (system?.dashboards ?? []).map(({ title }) => titles.get(title) ?? title),
    metrics: system?.metrics ?? [],
    ...over,
  };
  return makePlan(
    `${name}/any`,
    scenario('any', {
      hypothesis: 'h',
      system: { ...aSystem(), scrapeInterval: system?.scrape_interval ?? '5s', monitoring },
      load: idleLoad,
      phases: [during('10m').expect(anExpectation({ needs: {}, deadline: undefined, queries: () => [] }))],
    }),
    createClock(speed),
  );
}

describe.each(Object.keys(catalog.systems))('the monitoring of %s', (name) => {
  it.each([1, 10, DEFAULT_SPEED])('is sound at speed %d: every range holds four scrapes', async (speed) => {
    const plan = await planOf(name, speed);
    expect(plan.alerts.length).toBeGreaterThan(0);
    expect(plan.panels.length).toBeGreaterThan(0);
    expect(() => check(plan)).not.toThrow();
  });

  it('has recorded metrics, alerts and panels that the clock can all scale', async () => {
    const plan = await planOf(name, DEFAULT_SPEED);
    const expressions = [
      ...plan.alerts.map(({ expr }) => expr),
      ...plan.recordings.map(({ expr }) => expr),
      ...plan.panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
    ];
    for (const expr of expressions) {
      expect(() => onTheClock(plan, { key: expr, mode: 'range', expr })).not.toThrow();
    }
  });
});
