/** The rules, by promtool: valid, tested, and tested so that breaking any of them shows. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { inMonitoring, type Rule, readCatalog, readRules, type System, systemsWithRules } from './contract.ts';
import { metricsOf, multiplyThresholds, renameMetrics, selectorsOf } from './promql.ts';

const catalog = readCatalog();
const systems = systemsWithRules();
const configs = readdirSync(inMonitoring('prometheus/')).filter((name) => name.endsWith('.yml'));
const alertsOf = (rules: readonly Rule[]) =>
  rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
/** The names a metric has in Prometheus. */
const seriesOf = (metrics: System['metrics']): string[] =>
  metrics.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => name + part) : [name],
  );
const folder = mkdtempSync(join(tmpdir(), 'firedrill-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (program: string, ...args: string[]) => execa(program, args, { reject: false, all: true });

describe('the production files', () => {
  it.each([
    ...configs.map((name) => [name, ['check', 'config', inMonitoring(`prometheus/${name}`)]] as const),
    ...systems.flatMap((system) => [
      [`the rules of ${system}`, ['check', 'rules', inMonitoring(`prometheus/rules/${system}.yml`)]] as const,
      [`their own tests (${system})`, ['test', 'rules', inMonitoring(`prometheus/rules/${system}.test.yml`)]] as const,
    ]),
  ])('pass: %s', async (_, args) => {
    const { exitCode, all } = await run('promtool', ...args);
    expect(exitCode, all).toBe(0);
  });

  it('are there for every system of the catalog', () => {
    expect(systems).toEqual(Object.keys(catalog).sort());
  });

  it('pass: alertmanager.yml, where amtool is installed', async (context) => {
    const { exitCode, all, code } = await run('amtool', 'check-config', inMonitoring('alertmanager/alertmanager.yml'));
    context.skip(code === 'ENOENT', 'amtool comes with Alertmanager');
    expect(exitCode, all).toBe(0);
  });
});

interface RuleFile {
  groups: { rules: { alert?: string; record?: string; expr: string }[] }[];
}
interface TestFile {
  tests: { alert_rule_test: { alertname: string }[] }[];
}

/**
 * Runs the tests of some alerts against a changed copy of the rules; true when they notice. (Of some, and without the other
 * alerts: a run of all of them takes seconds, and there are many changes.)
 */
async function noticed(
  system: string,
  name: string,
  alertNames: readonly string[],
  change: (file: RuleFile) => void,
): Promise<boolean> {
  const copy = join(folder, `${system}-${name}`);
  mkdirSync(copy);
  const rewrite = <T>(file: string, edit: (content: T) => void): void => {
    const content: T = parse(readFileSync(inMonitoring(`prometheus/rules/${file}`), 'utf8'));
    edit(content);
    writeFileSync(join(copy, file), stringify(content));
  };
  rewrite<RuleFile>(`${system}.yml`, (file) => {
    change(file);
    for (const group of file.groups) {
      group.rules = group.rules.filter(({ alert }) => alert === undefined || alertNames.includes(alert));
    }
  });
  rewrite<TestFile>(`${system}.test.yml`, (file) => {
    file.tests = file.tests.filter((test) => test.alert_rule_test.some((it) => alertNames.includes(it.alertname)));
  });
  const { exitCode, all } = await run('promtool', 'test', 'rules', join(copy, `${system}.test.yml`));
  // Red because an expectation failed, not because the changed file could not be read.
  return exitCode !== 0 && /alertname: .*time: /.test(all ?? '');
}

function eachRule(file: RuleFile, change: (rule: RuleFile['groups'][number]['rules'][number]) => void): void {
  for (const group of file.groups) for (const rule of group.rules) change(rule);
}

describe.each(systems)("the rules' own tests of %s", (system) => {
  const rules = readRules(system);
  const alerts = alertsOf(rules);
  const names = alerts.map(({ alert }) => alert);

  /** Every metric an expression reads, through recorded ones to their sources. */
  function sourcesOf(expr: string): string[] {
    return metricsOf(expr).flatMap((metric) => {
      const recording = rules.find(({ record }) => record === metric);
      return recording ? [metric, ...sourcesOf(recording.expr)] : [metric];
    });
  }

  it('stay green for a copy that changes nothing', async () => {
    expect(await noticed(system, 'unchanged', names, () => {})).toBe(false);
  });

  it.each(names)('notice when %s is broken', async (name) => {
    const changed = (change: (expr: string) => string) => (file: RuleFile) =>
      eachRule(file, (rule) => {
        if (rule.alert === name) rule.expr = change(rule.expr);
      });
    const mutations = {
      'threshold multiplied': changed((expr) => multiplyThresholds(expr, 1000)),
      'metric renamed': changed((expr) => renameMetrics(expr, (metric) => `${metric}_renamed`)),
      'rule removed': (file: RuleFile) => {
        for (const group of file.groups) group.rules = group.rules.filter(({ alert }) => alert !== name);
      },
    };
    for (const [mutation, change] of Object.entries(mutations)) {
      expect(await noticed(system, `${name}-${mutation}`, [name], change), mutation).toBe(true);
    }
  });

  const sources = [...new Set(alerts.flatMap(({ expr }) => sourcesOf(expr)))];
  it.each(sources)('notice when the rules read another metric than %s', async (source) => {
    const readers = alerts.filter(({ expr }) => sourcesOf(expr).includes(source)).map(({ alert }) => alert);
    const rename = (metric: string) => (metric === source ? `${metric}_renamed` : metric);
    const change = (file: RuleFile) =>
      eachRule(file, (rule) => {
        rule.expr = renameMetrics(rule.expr, rename);
      });
    expect(await noticed(system, `source-${source.replaceAll(':', '.')}`, readers, change)).toBe(true);
  });

  it('cover every recorded metric through an alert', () => {
    const recorded = rules.flatMap(({ record }) => record ?? []);
    expect(recorded.filter((record) => !sources.includes(record))).toEqual([]);
  });
});

describe.each(systems)('every rule of %s', (system) => {
  const rules = readRules(system);
  const recorded = rules.flatMap(({ record }) => record ?? []);
  const metrics = catalog[system]?.metrics ?? [];
  const promisedRules = metrics.flatMap(({ name, type }) => (type === 'rule' ? [name] : []));

  it('reads metrics that the catalog promises, that are recorded, or that Prometheus itself keeps', () => {
    const known = new Set([...seriesOf(metrics), ...recorded, 'up', 'probe_success']);
    expect(rules.flatMap(({ expr }) => metricsOf(expr)).filter((metric) => !known.has(metric))).toEqual([]);
  });

  it.each(rules)('narrows by labels that the catalog promises: $expr', ({ expr }) => {
    for (const { metric, labels } of selectorsOf(expr)) {
      const found = metrics.find(({ name }) => name === metric.replace(/_(bucket|count|sum)$/, ''));
      const known = [...(found?.labels ?? []), 'job', 'instance', 'le'];
      expect(labels.filter((label) => !known.includes(label))).toEqual([]);
    }
  });

  it('that records is promised by the catalog, or is named level:metric:operations', () => {
    expect(promisedRules.filter((name) => !recorded.includes(name))).toEqual([]);
    const ours = recorded.filter((name) => !promisedRules.includes(name));
    for (const name of ours) expect(name).toMatch(/^[a-z_]+:[a-z0-9_]+:[a-z0-9_]+$/);
  });
});

describe.each(systems)('every alert of %s', (system) => {
  const alerts = alertsOf(readRules(system));
  const panels = (catalog[system]?.dashboards ?? []).flatMap(({ rows }) => Object.values(rows).flat());
  const promised = seriesOf(catalog[system]?.metrics ?? []);

  it('is one of the catalog, with its severity, and none is missing', () => {
    const promised = (catalog[system]?.alerts ?? []).map(({ name, severity }) => ({ name, severity }));
    const given = alerts.map(({ alert, labels }) => ({ name: alert, severity: labels?.severity }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(given.sort(byName)).toEqual(promised.sort(byName));
  });

  it('waits as long as the catalog says, where it does', () => {
    for (const { name, for: promised } of catalog[system]?.alerts ?? []) {
      if (promised !== undefined) expect(alerts.find(({ alert }) => alert === name)?.for, name).toBe(promised);
    }
  });

  it.each(alerts)('tells people what to do, by panels that exist: $alert', ({ alert, annotations, labels }) => {
    expect(labels?.service).toBeTruthy();
    expect(annotations?.summary).toBeTruthy();
    expect(annotations?.description).toBeTruthy();
    expect(annotations?.runbook_url).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`));
    const runbook = readFileSync(inMonitoring(`../docs/runbooks/${alert}.md`), 'utf8');
    expect(runbook).toContain('## What to do');
    const quoted = [...runbook.replace(/`[^`]*`/g, '').matchAll(/"([^"]+)"/g)].map(([, title]) => title);
    expect(quoted.filter((title) => !panels.includes(title ?? ''))).toEqual([]);
    const queries = [...runbook.matchAll(/`([^`]*\brate\([^`]*)`/g)].map(([, query]) => query ?? '');
    expect(queries.flatMap(metricsOf).filter((metric) => !promised.includes(metric))).toEqual([]);
  });
});
