/** The dashboards as Grafana gets them: the panels of the catalog, the rules of dashboard-linter, queries that exist. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { inMonitoring, readCatalog, readRules } from '../contract.ts';
import { groupingsOf, metricsOf, selectorsOf } from '../promql.ts';

const target = z.object({ expr: z.string(), legendFormat: z.string(), datasource: z.object({ uid: z.string() }) });
const thresholds = z.object({ steps: z.array(z.object({ value: z.number().nullable() })) });
const panel = z.object({
  type: z.enum(['row', 'timeseries', 'table']),
  id: z.number(),
  title: z.string(),
  description: z.string().optional(),
  datasource: z.object({ uid: z.string() }).optional(),
  targets: z.array(target).default([]),
  transformations: z.array(z.object({ id: z.string() })).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string(), thresholds: thresholds.optional() }) }).optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
});
const variable = z.object({
  name: z.string(),
  type: z.string(),
  label: z.string(),
  query: z.string().optional(),
  multi: z.boolean().optional(),
  allValue: z.string().optional(),
  refresh: z.number().optional(),
  current: z.object({ value: z.unknown() }).optional(),
});
const dashboard = z.object({
  title: z.string(),
  uid: z.string(),
  editable: z.boolean(),
  panels: z.array(panel),
  templating: z.object({ list: z.array(variable) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string().optional() })) }),
});
type Dashboard = z.infer<typeof dashboard>;

const FOLDER = inMonitoring('grafana/dashboards/');
const all = readdirSync(FOLDER).map((file) => dashboard.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))));
const chartsOf = ({ panels }: Dashboard) => panels.filter(({ type }) => type !== 'row');
const targetsOf = (json: Dashboard) =>
  chartsOf(json).flatMap((chart) =>
    chart.targets.map(({ expr, legendFormat }) => ({ panel: chart.title, expr, legendFormat })),
  );

const systems = Object.entries(readCatalog()).map(([system, { metrics, dashboards }]) => ({
  system,
  metrics,
  promised: dashboards,
  shown: dashboards.flatMap(({ title }) => all.find((json) => json.title === title) ?? []),
}));
const everyDashboard = systems.flatMap(({ system, metrics, shown }) =>
  shown.map((json) => ({ system, title: json.title, json, metrics })),
);
const everyChart = everyDashboard.flatMap(({ title, json }) =>
  chartsOf(json).map((chart) => ({ dashboard: title, ...chart })),
);
const everyTarget = everyDashboard.flatMap(({ json, metrics, system }) =>
  targetsOf(json).map((target) => ({ dashboard: json.title, system, metrics, ...target })),
);

const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'any').replaceAll('$instance', '.+');
const base = (metric: string) => metric.replace(/_(bucket|count|sum)$/, '');
/** What every process has, whether the catalog of its system lists it or not. */
const EVERY_PROCESS = ['process_cpu_seconds_total', 'process_start_time_seconds'];
/** The catalog of audio names the panels that these are for, and not them. */
const FURTHER = [
  { name: 'db_connections_active', labels: [] },
  { name: 'audio_processing_retry_successes_total', labels: ['attempt'] },
];

it('are those of the catalog and no others', () => {
  const promised = systems.flatMap(({ promised }) => promised.map(({ title }) => title));
  expect(all.map(({ title }) => title).sort()).toEqual(promised.sort());
});

it.each(systems)('have panels of different titles in $system: coverage knows a panel by its title', ({ promised }) => {
  const titles = promised.flatMap(({ rows }) => Object.values(rows).flat());
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

describe.each(everyDashboard)('the dashboard $title', ({ system, json, metrics }) => {
  const charts = chartsOf(json);
  const targets = targetsOf(json);

  it('has exactly the panels of the catalog, in its rows and its order', () => {
    const rows: Record<string, string[]> = json.panels[0]?.type === 'row' ? {} : { '': [] };
    let row = '';
    for (const { type, title } of json.panels) {
      if (type === 'row') {
        row = title;
        rows[row] = [];
      } else rows[row]?.push(title);
    }
    const promised = systems.find((each) => each.system === system)?.promised.find(({ title }) => title === json.title);
    expect(rows).toEqual(promised?.rows);
    expect(Object.keys(rows)).toEqual(Object.keys(promised?.rows ?? {}));
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

  it('opens on jobs that its Prometheus scrapes, and finds them by a metric of the system', () => {
    const config = readFileSync(
      inMonitoring(`prometheus/${system === 'flash-sale' ? 'prometheus' : system}.yml`),
      'utf8',
    );
    const job = json.templating.list.find(({ name }) => name === 'job');
    const opened = z.array(z.string()).parse(job?.current?.value);
    expect(opened.length).toBeGreaterThan(0);
    for (const name of opened) expect(config).toContain(`job_name: ${name}\n`);
    const presence = /^label_values\((\w+), job\)$/.exec(job?.query ?? '')?.[1];
    expect(metrics.map(({ name }) => name)).toContain(presence);
  });

  it("marks the system's own alerts while they fire", () => {
    const marked = json.annotations.list.filter(({ expr }) => expr !== undefined);
    expect(marked.map(({ expr }) => expr)).toEqual([`ALERTS{alertstate="firing", service="${system}"}`]);
    for (const { labels } of readRules(system).filter(({ alert }) => alert !== undefined)) {
      expect(labels?.service).toBe(system);
    }
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
    const lines = new Map<number, number>();
    for (const { type, gridPos } of json.panels) {
      if (type !== 'row') lines.set(gridPos.y, (lines.get(gridPos.y) ?? 0) + gridPos.w);
    }
    expect(new Set(lines.values())).toEqual(new Set([24]));
    expect(new Set(json.panels.map(({ id }) => id)).size).toBe(json.panels.length);
  });

  it('ranks in tables, by the mean of the time shown', () => {
    const tables = charts.filter(({ type }) => type === 'table');
    for (const { transformations } of tables) {
      expect(transformations?.map(({ id }) => id)).toEqual(['reduce', 'sortBy', 'limit']);
    }
    expect(charts.filter(({ title, type }) => title.startsWith('Top ') && type !== 'table')).toEqual([]);
  });
});

it.each(everyChart)(
  'says what "$title" of $dashboard shows, in which unit and from where',
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

describe.each(everyTarget)('$dashboard, $panel: $expr', ({ system, metrics, expr, legendFormat }) => {
  const query = filledIn(expr);

  it('narrows every selector to job and instance, and ranges to $__rate_interval', () => {
    const selectors = expr.match(/\{[^}]*\}/g) ?? [];
    expect(selectors).toHaveLength(metricsOf(query).length);
    for (const selector of selectors) expect(selector).toContain('job=~"$job", instance=~"$instance"');
    for (const range of expr.match(/\[[^\]]*\]/g) ?? []) expect(range).toBe('[$__rate_interval]');
  });

  it('asks only for metrics that the catalog promises, that are recorded, or that every process has', () => {
    const known = new Set([
      ...metrics.map(({ name }) => name),
      ...readRules(system).flatMap(({ record }) => record ?? []),
      ...EVERY_PROCESS,
      ...FURTHER.map(({ name }) => name),
    ]);
    expect(
      metricsOf(query)
        .map(base)
        .filter((metric) => !known.has(metric)),
    ).toEqual([]);
  });

  it('narrows, groups and names by labels that its metrics have', () => {
    const labelsOf = (metric: string) => [
      ...([...metrics, ...FURTHER].find(({ name }) => name === base(metric))?.labels ?? []),
      'job',
      'instance',
      ...(metric.endsWith('_bucket') ? ['le'] : []),
    ];
    for (const { metric, labels } of selectorsOf(query))
      expect(labelsOf(metric)).toEqual(expect.arrayContaining([...labels]));
    const given = metricsOf(query).flatMap(labelsOf);
    expect(groupingsOf(query).filter((label) => !given.includes(label))).toEqual([]);
    const kept = /\bsum\b|\bmax\b/.test(query) ? groupingsOf(query) : given;
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
    expect(named.filter((label) => !kept.includes(label))).toEqual([]);
  });
});

it.each(systems)('show, together with rules and runbooks, every metric of $system', ({ system, metrics, shown }) => {
  const rules = readRules(system);
  const read = [...shown.flatMap(targetsOf).map(({ expr }) => filledIn(expr)), ...rules.map(({ expr }) => expr)];
  const used = new Set(read.flatMap(metricsOf).map(base));
  const runbooks = rules
    .flatMap(({ alert }) =>
      alert === undefined ? [] : [readFileSync(inMonitoring(`../docs/runbooks/${alert}.md`), 'utf8')],
    )
    .join();
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const unread = metrics.map(({ name }) => name).filter((name) => !used.has(name) && !recorded.has(name));
  expect(unread.filter((name) => !runbooks.includes(name))).toEqual([]);
});

it('draw the memory line where the alert does', () => {
  const limit = readRules('flash-sale').find(({ record }) => record === 'flash_sale:memory_limit:bytes');
  expect(limit?.expr).toBe('vector(512 * 1024 * 1024)');
  const memory = everyChart.find(({ dashboard, title }) => dashboard === 'Flash Sale' && title === 'Memory');
  expect(memory?.fieldConfig?.defaults.thresholds?.steps.at(-1)?.value).toBe(0.8 * 512 * 1024 * 1024);
});

it.each([
  ['Error rate', 'AudioHighErrorRate'],
  ['Queue health (pending, processing, DLQ)', 'AudioQueueBacklogHigh'],
  ['Processing time p50/p95/p99 per stage', 'AudioProcessingSlowDown'],
  ['Failure rate overall and by stage', 'AudioFailureRateSpiking'],
  ['DLQ size', 'DLQAccumulating'],
  ['Hit rate % overall and per cache', 'AudioCacheHitRateLow'],
])('draw the line of %s where %s does', (title, alert) => {
  const chart = everyChart.find((each) => each.title === title);
  expect(chart?.description).toContain(alert);
  const line = chart?.fieldConfig?.defaults.thresholds?.steps.at(-1)?.value;
  expect(readRules('audio').find((rule) => rule.alert === alert)?.expr).toMatch(new RegExp(`^.*[<>] ${line}\\b`));
});
