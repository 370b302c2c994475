/**
 * Scaled copies of the production files under monitoring/. The originals stay as they go to production; at speed 1 a
 * copy is the original, byte for byte. Defaults that production leaves unsaid are written out, since they scale too.
 */
import type { Clock } from './clock.ts';
import { scalePromql } from './clock-promql.ts';
import { FiredrillError } from './errors.ts';
import { alertmanagerFile, ms, prometheusFile, type Route, type Rule, ruleFile } from './rule-files.ts';
import { duration } from './units.ts';
import { type Path, readYaml, writeYaml } from './yaml-file.ts';

/** Prometheus' and Alertmanager's own defaults (their configuration references). */
const SCRAPE_INTERVAL = '1m';
const SCRAPE_TIMEOUT = '10s';
const EVALUATION_INTERVAL = '1m';
const GROUP_WAIT = '30s';
const GROUP_INTERVAL = '5m';
const REPEAT_INTERVAL = '4h';
const RESOLVE_TIMEOUT = '5m';

/**
 * A rule file on this clock: group intervals (200 ms at the least), query_offset, for, keep_firing_for and every
 * expression. Throws RULES_UNREADABLE with file:line for broken YAML, PromQL or durations, and CLOCK_UNSOUND.
 */
export function scaleRuleFile(yamlText: string, clock: Clock, file: string): string {
  const { value, at } = readYaml(yamlText, file, ruleFile);
  const groups = value.groups.map((group, g) => ({
    ...group,
    ...(group.interval !== undefined && { interval: duration(clock.evaluation(ms(group.interval))) }),
    ...(group.query_offset !== undefined && { query_offset: scaled(group.query_offset, clock) }),
    rules: group.rules?.map((rule, r) => scaleRule(rule, clock, at(['groups', g, 'rules', r, 'expr']))) ?? [],
  }));
  return clock.speed === 1 ? yamlText : writeYaml({ ...value, groups });
}

function scaleRule(rule: Rule, clock: Clock, place: string): Rule {
  const where = `${place}, ${ruleName(rule)}`;
  const queried = Object.entries({ ...rule.labels, ...rule.annotations }).find(([, text]) =>
    /{{[^}]*\bquery\s/.test(text),
  );
  if (queried && clock.speed !== 1) {
    throw new FiredrillError(
      'CLOCK_UNSOUND',
      `${where}: a query inside a template ('${queried[0]}') is not scaled, so it is not sound at speed ${clock.speed}. ` +
        'The highest sound speed is 1.',
    );
  }
  return {
    ...rule,
    expr: scalePromql(rule.expr, clock.speed, where),
    ...(rule.for !== undefined && { for: scaled(rule.for, clock) }),
    ...(rule.keep_firing_for !== undefined && { keep_firing_for: scaled(rule.keep_firing_for, clock) }),
  };
}

/** 'alert X' or 'record x:y:z', for messages. */
export const ruleName = (rule: Rule): string =>
  rule.alert === undefined ? `record ${rule.record}` : `alert ${rule.alert}`;

/**
 * prometheus.yml on this clock: scrape and evaluation intervals, per job too. A scrape's timeout bounds a real
 * latency, which no speed changes: it is only kept within the interval. Throws RULES_UNREADABLE with file:line.
 */
export function scalePrometheusConfig(yamlText: string, clock: Clock, file: string): string {
  const { value } = readYaml(yamlText, file, prometheusFile);
  if (clock.speed === 1) return yamlText;
  const interval = value.global?.scrape_interval ?? SCRAPE_INTERVAL;
  const timeout = value.global?.scrape_timeout ?? SCRAPE_TIMEOUT;
  const scraping = (every: string, within: string) => ({
    scrape_interval: duration(clock.scrape(ms(every))),
    scrape_timeout: duration(Math.min(ms(within), clock.scrape(ms(every)))),
  });
  return writeYaml({
    ...value,
    global: {
      ...value.global,
      ...scraping(interval, timeout),
      evaluation_interval: duration(clock.evaluation(ms(value.global?.evaluation_interval ?? EVALUATION_INTERVAL))),
    },
    scrape_configs: value.scrape_configs?.map((job) => ({
      ...job,
      ...scraping(job.scrape_interval ?? interval, job.scrape_timeout ?? timeout),
    })),
  });
}

/**
 * alertmanager.yml on this clock: waits of every nested route and resolve_timeout. Throws RULES_UNREADABLE with
 * file:line, and CLOCK_UNSOUND for routes that are muted by the time of day.
 */
export function scaleAlertmanagerConfig(yamlText: string, clock: Clock, file: string): string {
  const { value, at } = readYaml(yamlText, file, alertmanagerFile);
  if (clock.speed === 1) return yamlText;
  const root = {
    group_wait: GROUP_WAIT,
    group_interval: GROUP_INTERVAL,
    repeat_interval: REPEAT_INTERVAL,
    ...value.route,
  };
  return writeYaml({
    ...value,
    global: { ...value.global, resolve_timeout: scaled(value.global?.resolve_timeout ?? RESOLVE_TIMEOUT, clock) },
    route: scaleRoute(root, clock, ['route'], at),
  });
}

function scaleRoute(route: Route, clock: Clock, path: Path, at: (path: Path) => string): Route {
  for (const timed of ['mute_time_intervals', 'active_time_intervals'] as const) {
    if (route[timed] === undefined) continue;
    throw new FiredrillError(
      'CLOCK_UNSOUND',
      `${at([...path, timed])}: ${timed} follows the time of day, which no speed moves, so it is not sound at speed ` +
        `${clock.speed}. The highest sound speed is 1.`,
    );
  }
  return {
    ...route,
    ...(route.group_wait !== undefined && { group_wait: scaled(route.group_wait, clock) }),
    ...(route.group_interval !== undefined && { group_interval: scaled(route.group_interval, clock) }),
    ...(route.repeat_interval !== undefined && { repeat_interval: scaled(route.repeat_interval, clock) }),
    ...(route.routes && {
      routes: route.routes.map((child, i) => scaleRoute(child, clock, [...path, 'routes', i], at)),
    }),
  };
}

/** A wait that was something stays something: at least a millisecond. */
function scaled(text: string, clock: Clock): string {
  const real = clock.real(ms(text));
  return duration(real > 0 ? Math.max(1, real) : 0);
}
