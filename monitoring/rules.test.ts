/** The rules, by promtool: valid, tested, and tested so that breaking any of them shows. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { inMonitoring, readCatalog, readRuleFiles } from './contract.ts';
import { metricsOf, multiplyThresholds, renameMetrics } from './promql.ts';

const rules = readRuleFiles();
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
const catalog = Object.values(readCatalog());
const folder = mkdtempSync(join(tmpdir(), 'firedrill-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (program: string, ...args: string[]) => execa(program, args, { reject: false, all: true });

describe('the production files', () => {
  it.each([
    ['prometheus.yml', 'promtool', ['check', 'config', inMonitoring('prometheus/prometheus.yml')]],
    ['the rules', 'promtool', ['check', 'rules', inMonitoring('prometheus/rules/flash-sale.yml')]],
    ["the rules' own tests", 'promtool', ['test', 'rules', inMonitoring('prometheus/rules/flash-sale.test.yml')]],
  ])('pass: %s', async (_, program, args) => {
    const { exitCode, all } = await run(program, ...args);
    expect(exitCode, all).toBe(0);
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
 * Runs the tests of some alerts against a changed copy of the rules; true when they notice. (Of some: a run of all of
 * them takes a second, and there are many changes.)
 */
async function noticed(
  name: string,
  alertNames: readonly string[],
  change: (file: RuleFile) => void,
): Promise<boolean> {
  const copy = join(folder, name);
  mkdirSync(copy);
  const rewrite = <T>(file: string, edit: (content: T) => void): void => {
    const content: T = parse(readFileSync(inMonitoring(`prometheus/rules/${file}`), 'utf8'));
    edit(content);
    writeFileSync(join(copy, file), stringify(content));
  };
  rewrite<RuleFile>('flash-sale.yml', change);
  rewrite<TestFile>('flash-sale.test.yml', (file) => {
    file.tests = file.tests.filter((test) => test.alert_rule_test.some((it) => alertNames.includes(it.alertname)));
  });
  const { exitCode, all } = await run('promtool', 'test', 'rules', join(copy, 'flash-sale.test.yml'));
  // Red because an expectation failed, not because the changed file could not be read.
  return exitCode !== 0 && /alertname: .*time: /.test(all ?? '');
}

function eachRule(file: RuleFile, change: (rule: RuleFile['groups'][number]['rules'][number]) => void): void {
  for (const group of file.groups) for (const rule of group.rules) change(rule);
}

/** Every metric an expression reads, through recorded ones to their sources. */
function sourcesOf(expr: string): string[] {
  return metricsOf(expr).flatMap((metric) => {
    const recording = rules.find(({ record }) => record === metric);
    return recording ? [metric, ...sourcesOf(recording.expr)] : [metric];
  });
}

describe("the rules' own tests", () => {
  const names = alerts.map(({ alert }) => alert);

  it('stay green for a copy that changes nothing', async () => {
    expect(await noticed('unchanged', names, () => {})).toBe(false);
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
      expect(await noticed(`${name}-${mutation}`, [name], change), mutation).toBe(true);
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
    expect(await noticed(`source-${source.replaceAll(':', '.')}`, readers, change)).toBe(true);
  });

  it('cover every recorded metric through an alert', () => {
    expect([...recorded].filter((record) => !sources.includes(record))).toEqual([]);
  });
});

describe('every rule', () => {
  it('reads metrics that the catalog promises, that are recorded, or that Prometheus itself keeps', () => {
    const promised = catalog.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, type }) =>
        type === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => name + part) : [name],
      ),
    );
    const known = new Set([...promised, ...recorded, 'up', 'probe_success']);
    expect(rules.flatMap(({ expr }) => metricsOf(expr)).filter((metric) => !known.has(metric))).toEqual([]);
  });

  it('that records is named level:metric:operations', () => {
    for (const name of recorded) expect(name).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
  });
});

describe('every alert', () => {
  it('is one of the catalog, with its severity, and none is missing', () => {
    const promised = catalog.flatMap((system) => system.alerts.map(({ name, severity }) => ({ name, severity })));
    const given = alerts.map(({ alert, labels }) => ({ name: alert, severity: labels?.severity }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(given.sort(byName)).toEqual(promised.sort(byName));
  });

  it.each(alerts)('tells people what to do: $alert', ({ alert, annotations, labels }) => {
    expect(labels?.service).toBeTruthy();
    expect(annotations?.summary).toBeTruthy();
    expect(annotations?.description).toBeTruthy();
    expect(annotations?.runbook_url).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`));
    const runbook = readFileSync(inMonitoring(`../docs/runbooks/${alert}.md`), 'utf8');
    expect(runbook).toContain('## What to do');
  });
});
