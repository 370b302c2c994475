/**
 * A scenario made ready for a speed: what monitoring defines (rules, panels, intervals), what will be asked of Prometheus,
 * and how fast each alert can possibly be.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Clock } from './clock.ts';
import { scalePromql } from './clock.ts';
import { type DashboardPanel, fillVariables, readDashboard } from './dashboards.ts';
import { type Query, rangeQuery, rawQuery } from './expectation.ts';
import type { Floor } from './journal.ts';
import { type AlertRule, inspectPromql, type RecordingRule, readRules } from './promql.ts';
import type { Scenario } from './scenario.ts';
import type { CatalogMetric } from './system.ts';
import { duration, milliseconds } from './units.ts';

export interface Plan {
  /** 'flash-sale/pool-exhausted' */
  readonly id: string;
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Scenario milliseconds as this speed allows them (a scrape is never under 200 real milliseconds). */
  readonly intervals: {
    readonly scrape: number;
    readonly evaluation: number;
    readonly groupWait: number;
    readonly groupInterval: number;
  };
  readonly alerts: readonly PlannedAlert[];
  readonly recordings: readonly RecordingRule[];
  readonly panels: readonly PlannedPanel[];
  /** Every metric name that exists: the catalog's (with _bucket, _count, _sum) and the recorded ones, with its labels. */
  readonly metricLabels: ReadonlyMap<string, ReadonlySet<string> | 'any'>;
  /** How often each alert's metrics are scraped and evaluated adds up to this range for a query of our own. */
  readonly window: string;
}

export interface PlannedAlert extends AlertRule {
  readonly floor: Floor;
  /** The scraped metrics it depends on, through recording rules. */
  readonly metrics: readonly string[];
  /** When its condition became true, evaluated more often than the rule is. */
  readonly condition: Query;
}

export interface PlannedPanel extends Omit<DashboardPanel, 'queries' | 'variables'> {
  readonly queries: readonly (Query & { readonly legend: string })[];
}

/** The alerts' states as Prometheus itself recorded them. */
export const ALERTS = rawQuery('ALERTS');
/** When each rule group was last evaluated: the evidence that silence means silence. */
export const EVALUATIONS = rawQuery('prometheus_rule_group_last_evaluation_timestamp_seconds');
export const FAILURES = rawQuery('prometheus_rule_evaluation_failures_total');

/** Whether a metric exists at all: an alert on a series nobody exposes is blind, and its silence means nothing. */
export const presenceOf = (metric: string): Query => rangeQuery(`count(${metric})`);
/** What shows whether a metric moved during a run; a gauge's label values move apart from each other. */
export const movementOf = ({ name, type, labels }: CatalogMetric): Query =>
  rangeQuery(
    type === 'gauge' && labels.length > 0
      ? `sum by (${labels.join(', ')}) (${name})`
      : `sum(${type === 'histogram' ? `${name}_count` : name})`,
  );

/** Throws RULES_UNREADABLE for files it cannot read, naming file and line. */
export async function makePlan(id: string, scenario: Scenario, clock: Clock): Promise<Plan> {
  const { monitoring } = scenario.system;
  const config = parse(await readFile(monitoring.prometheusConfig, 'utf8')) as {
    global?: { scrape_interval?: string; evaluation_interval?: string };
  } | null;
  const routes = parse(await readFile(monitoring.alertmanagerConfig, 'utf8')) as { route?: Route } | null;
  const evaluationMs = milliseconds(
    config?.global?.evaluation_interval ?? '1m',
    `${monitoring.prometheusConfig}: evaluation_interval`,
  );
  const effective = (real: number) => clock.scenario(real);
  const intervals = {
    scrape: effective(clock.scrape(milliseconds(scenario.system.scrapeInterval))),
    evaluation: effective(clock.evaluation(evaluationMs)),
    groupWait: longest(routes?.route, 'group_wait', '30s'),
    groupInterval: longest(routes?.route, 'group_interval', '5m'),
  };
  const files = await Promise.all(
    monitoring.ruleFiles.map(async (path) => ({ path, text: await readFile(path, 'utf8') })),
  );
  const rules = readRules(files, evaluationMs);
  const recordings = new Map(rules.recordings.map((rule) => [rule.record, rule]));
  const window = duration(Math.max(60_000, 5 * intervals.scrape));
  const panels: PlannedPanel[] = [];
  for (const path of monitoring.dashboardFiles) {
    for (const panel of readDashboard(await readFile(path, 'utf8'), path)) {
      const queries = panel.queries.map(({ expr, legend }) => {
        const filled = fillVariables(
          expr,
          {
            scrape: duration(intervals.scrape),
            rate: duration(4 * intervals.scrape),
          },
          panel.variables,
        );
        return { ...rangeQuery(filled), legend };
      });
      panels.push({ ...panel, queries });
    }
  }
  return {
    id,
    scenario,
    clock,
    intervals,
    alerts: rules.alerts.map((rule) => ({
      ...rule,
      floor: floorOf(rule, recordings, clock, intervals.scrape),
      metrics: scrapedMetrics(rule.expr, recordings),
      condition: rangeQuery(rule.expr),
    })),
    recordings: rules.recordings,
    panels,
    metricLabels: knownMetrics(monitoring.metrics, rules.recordings),
    window,
  };
}

/** The query as Prometheus is asked on this run's clock. */
export const onTheClock = (plan: Plan, query: Query): string => scalePromql(query.expr, plan.clock.speed, query.key);

/** The scraped metrics an expression depends on, with recorded ones followed to what they are recorded from. */
function scrapedMetrics(
  expr: string,
  recordings: ReadonlyMap<string, RecordingRule>,
  seen = new Set<string>(),
): string[] {
  const found = new Set<string>();
  for (const metric of inspectPromql(expr, metricsOf).metrics) {
    const rule = recordings.get(metric);
    if (!rule) found.add(metric);
    else if (!seen.has(metric))
      for (const below of scrapedMetrics(rule.expr, recordings, new Set([...seen, metric]))) found.add(below);
  }
  return [...found];
}
const metricsOf = 'the rule';

/**
 * The time from fault to firing that a rule of this shape can need: one scrape to see it, the range to be filled by it,
 * one evaluation, and `for`. Recording rules count with their own range, and with an evaluation of their own where they
 * are in another group (within one, rules are evaluated in order, in one go).
 */
function floorOf(rule: AlertRule, recordings: ReadonlyMap<string, RecordingRule>, clock: Clock, scrape: number): Floor {
  const evaluationOf = (ms: number) => clock.scenario(clock.evaluation(ms));
  const below = (expr: string, group: string, depth: number): { range: number; evaluation: number } => {
    const facts = inspectPromql(expr, 'the rule');
    let slowest = { range: facts.reactionRangeMs, evaluation: 0 };
    for (const metric of depth > MOST_LEVELS ? [] : facts.metrics) {
      const recording = recordings.get(metric);
      if (!recording) continue;
      const inner = below(recording.expr, recording.group, depth + 1);
      const ranged = facts.ranges.some(({ selector }) => new RegExp(`(?<![\\w:])${metric}(?![\\w:])`).test(selector));
      const candidate = {
        range: inner.range + (ranged ? facts.reactionRangeMs : 0),
        evaluation: inner.evaluation + (recording.group === group ? 0 : evaluationOf(recording.evaluationMs)),
      };
      if (candidate.range + candidate.evaluation > slowest.range + slowest.evaluation) slowest = candidate;
    }
    return slowest;
  };
  const { range, evaluation: recorded } = below(rule.expr, rule.group, 0);
  const evaluation = recorded + evaluationOf(rule.evaluationMs);
  return { scrape, range, evaluation, for: rule.forMs, total: scrape + range + evaluation + rule.forMs };
}
const MOST_LEVELS = 8;

/** Every scraped series has these; they tell the processes of a system apart. */
const TARGET_LABELS = ['job', 'instance'];

function knownMetrics(
  catalog: Scenario['system']['monitoring']['metrics'],
  recordings: readonly RecordingRule[],
): Plan['metricLabels'] {
  const known = new Map<string, ReadonlySet<string> | 'any'>();
  for (const { name, type, labels } of catalog) {
    const scraped = [...labels, ...TARGET_LABELS];
    known.set(name, new Set(scraped));
    if (type === 'histogram') {
      for (const suffix of ['_bucket', '_count', '_sum']) known.set(name + suffix, new Set([...scraped, 'le']));
    }
  }
  for (const { record } of recordings) known.set(record, 'any');
  return known;
}

interface Route {
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly routes?: readonly Route[];
}

/** The longest value of a setting in the route tree, milliseconds. */
function longest(route: Route | undefined, key: 'group_wait' | 'group_interval', fallback: string): number {
  if (!route) return milliseconds(fallback);
  const own = milliseconds(route[key] ?? fallback);
  return Math.max(own, ...(route.routes ?? []).map((child) => longest(child, key, route[key] ?? fallback)));
}
