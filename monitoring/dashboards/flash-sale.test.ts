/** The dashboard as Grafana gets it: the panels of the catalog, the rules of dashboard-linter, queries that exist. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { inMonitoring, readCatalog, readRuleFiles } from '../contract.ts';
import { metricsOf } from '../promql.ts';

const target = z.object({ expr: z.string(), legendFormat: z.string(), datasource: z.object({ uid: z.string() }) });
const thresholds = z.object({ steps: z.array(z.object({ value: z.number().nullable() })) });
const panel = z.object({
  type: z.enum(['row', 'timeseries']),
  id: z.number(),
  title: z.string(),
  description: z.string().optional(),
  datasource: z.object({ uid: z.string() }).optional(),
  targets: z.array(target).default([]),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string(), thresholds: thresholds.optional() }) }).optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
});
const variable = z.object({
  name: z.string(),
  type: z.string(),
  label: z.string(),
  multi: z.boolean().optional(),
  allValue: z.string().optional(),
  refresh: z.number().optional(),
});
const json = z
  .object({
    title: z.string(),
    uid: z.string(),
    editable: z.boolean(),
    panels: z.array(panel),
    templating: z.object({ list: z.array(variable) }),
  })
  .parse(JSON.parse(readFileSync(inMonitoring('grafana/dashboards/flash-sale.json'), 'utf8')));

const charts = json.panels.filter(({ type }) => type === 'timeseries');
const targets = charts.flatMap((chart) => chart.targets.map(({ expr }) => ({ panel: chart.title, expr })));
const system = readCatalog()['flash-sale'];
const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'flash-sale').replaceAll('$instance', '.+');
const base = (metric: string) => metric.replace(/_(bucket|count|sum)$/, '');

it('has exactly the panels of the catalog, in its rows and its order', () => {
  const rows: Record<string, string[]> = {};
  let row = '';
  for (const { type, title } of json.panels) {
    if (type === 'row') {
      row = title;
      rows[row] = [];
    } else rows[row]?.push(title);
  }
  const promised = system?.dashboards.find(({ title }) => title === json.title)?.rows;
  expect(rows).toEqual(promised);
  expect(Object.keys(rows)).toEqual(Object.keys(promised ?? {}));
  expect(charts).toHaveLength(16);
});

it('has variables for data source, job and instance as dashboard-linter wants them', () => {
  expect(json.templating.list).toEqual([
    expect.objectContaining({ name: 'datasource', type: 'datasource', label: 'Data source' }),
    expect.objectContaining({ name: 'job', type: 'query', label: 'Job', multi: true, allValue: '.+', refresh: 2 }),
    expect.objectContaining({
      name: 'instance',
      type: 'query',
      label: 'Instance',
      multi: true,
      allValue: '.+',
      refresh: 2,
    }),
  ]);
  expect(json.editable).toBe(false);
});

it.each(charts)(
  'says what "$title" shows, in which unit and from where',
  ({ description, fieldConfig, datasource, targets }) => {
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(fieldConfig?.defaults.unit).toBeTruthy();
    expect(datasource?.uid).toBe('$datasource');
    expect(targets.length).toBeGreaterThan(0);
    for (const { legendFormat, datasource } of targets) {
      expect(legendFormat).toBeTruthy();
      expect(datasource.uid).toBe('$datasource');
    }
  },
);

it.each(targets)(
  'narrows every selector to job and instance, and ranges to $__rate_interval: $panel: $expr',
  ({ expr }) => {
    const selectors = expr.match(/\{[^}]*\}/g) ?? [];
    expect(selectors).toHaveLength(metricsOf(filledIn(expr)).length);
    for (const selector of selectors) expect(selector).toContain('job=~"$job", instance=~"$instance"');
    for (const range of expr.match(/\[[^\]]*\]/g) ?? []) expect(range).toBe('[$__rate_interval]');
  },
);

it('asks only for metrics that the catalog promises, that are recorded, or that every process has', () => {
  const known = new Set([
    ...(system?.metrics.map(({ name }) => name) ?? []),
    ...readRuleFiles().flatMap(({ record }) => record ?? []),
    'process_cpu_seconds_total',
  ]);
  const asked = targets.flatMap(({ expr }) => metricsOf(filledIn(expr))).map(base);
  expect(asked.filter((metric) => !known.has(metric))).toEqual([]);
});

it('shows, together with the rules, every metric of the catalog', () => {
  const read = [...targets.map(({ expr }) => filledIn(expr)), ...readRuleFiles().map(({ expr }) => expr)];
  const used = new Set(read.flatMap(metricsOf).map(base));
  expect(system?.metrics.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

it('asks in PromQL that Prometheus accepts', async () => {
  const rules = targets.map(({ expr }, index) => ({ record: `panel:query:${index}`, expr: filledIn(expr) }));
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-panels-'));
  const file = join(folder, 'panels.yml');
  writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
  const { exitCode, all } = await execa('promtool', ['check', 'rules', file], { reject: false, all: true });
  rmSync(folder, { recursive: true });
  expect(exitCode, all).toBe(0);
});

it('places panels side by side without overlap, full width', () => {
  const cells = new Set<string>();
  for (const { gridPos } of json.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      expect(x).toBeLessThan(24);
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(cells.has(`${x},${y}`), `${x},${y}`).toBe(false);
        cells.add(`${x},${y}`);
      }
    }
  }
  expect(new Set(json.panels.map(({ id }) => id)).size).toBe(json.panels.length);
});

it('draws the memory line where the alert does', () => {
  const limit = readRuleFiles().find(({ record }) => record === 'flash_sale:memory_limit:bytes');
  expect(limit?.expr).toBe('vector(512 * 1024 * 1024)');
  const steps = charts.find(({ title }) => title === 'Memory')?.fieldConfig?.defaults.thresholds?.steps;
  expect(steps?.at(-1)?.value).toBe(0.8 * 512 * 1024 * 1024);
});
