/**
 * Refuses what cannot come true, before anything boots: names nobody defines, deadlines the clock or the rules rule out,
 * and rules that the chosen speed would leave without enough scrapes to mean what they say.
 */
import { FiredrillError, messageOf } from './errors.ts';
import type { Expectation } from './expectation.ts';
import { onTheClock, type Plan } from './plan.ts';
import { inspectPromql } from './promql.ts';
import { loadOf, type Phase } from './scenario.ts';
import { suggest } from './suggest.ts';
import { duration, milliseconds } from './units.ts';

/** Prometheus 3 leaves a range's start open: `rate` needs two samples in it, and a range of four scrapes always has them. */
const SCRAPES_PER_RANGE = 4;
const NEEDS_SEVERAL =
  /^(rate|irate|increase|delta|idelta|deriv|predict_linear|double_exponential_smoothing|holt_winters)$/;

/** Throws SCENARIO_IMPOSSIBLE with every problem found, each with its place and what would mend it. */
export function check(plan: Plan): void {
  const problems = [...phaseProblems(plan), ...nameProblems(plan), ...speedProblems(plan)];
  if (problems.length === 0) return;
  const unique = [...new Set(problems)];
  throw new FiredrillError(
    'SCENARIO_IMPOSSIBLE',
    `${plan.id} cannot come true at --speed ${plan.clock.speed}:\n${unique.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}

function* phaseProblems(plan: Plan): Generator<string> {
  const { phases, system } = plan.scenario;
  if (!phases.some((phase) => phase.kind !== 'warm-up' && phase.expectations.length > 0)) {
    yield 'it expects nothing, so nothing can be proven; give a phase an .expect(…).';
  }
  if (phases.some((phase) => loadOf(plan.scenario, phase).length === 0)) {
    yield 'its list of loads is empty; without traffic there is nothing to see.';
  }
  const services = system.services.map((service) => service.name);
  let baselineSeen = false;
  for (const [index, phase] of phases.entries()) {
    const where = `phase ${index + 1} (${phase.title})`;
    const shortest = SCRAPES_PER_RANGE * plan.intervals.scrape;
    if (phase.durationMs < shortest) {
      yield `${where} lasts ${duration(phase.durationMs)}, less than ${SCRAPES_PER_RANGE} scrapes (${duration(shortest)} at this speed); make it longer.`;
    }
    for (const { name, targets } of [...phase.faults, ...phase.remedies]) {
      for (const target of targets) {
        if (!services.includes(target))
          yield `${where}: ${name} acts on '${target}', which ${system.name} does not have (${services.join(', ')}).`;
      }
    }
    for (const expectation of phase.expectations) {
      if (expectation.needs.baseline && !baselineSeen)
        yield `${where}: "${expectation.title}" compares with a baseline; put a baseline(…) phase before it.`;
      if (expectation.needs.shoppers && !loadOf(plan.scenario, phase).some(({ shoppers }) => shoppers))
        yield `${where}: "${expectation.title}" is about shoppers and the phase has none; add some, such as load: [buyers.at('20/s'), shoppers.at('1/s')].`;
      yield* deadlineProblems(plan, phase, expectation, where);
    }
    if (phase.kind === 'baseline') baselineSeen = true;
  }
}

function* deadlineProblems(plan: Plan, phase: Phase, expectation: Expectation, where: string): Generator<string> {
  const { deadline, title } = expectation;
  if (deadline === undefined) return;
  if (deadline > phase.durationMs) {
    yield `${where}: "${title}" has longer than the phase lasts (${duration(phase.durationMs)}); shorten it or lengthen the phase.`;
  }
  const floor = expectation.floor(plan);
  if (floor && deadline < floor.total) {
    yield `${where}: "${title}" cannot be met: it takes at least ${duration(floor.total)} (${parts(floor)}). Allow more, or run slower.`;
  }
}

const parts = (floor: { scrape: number; range: number; evaluation: number; for: number }): string =>
  [
    `scrape ${duration(floor.scrape)}`,
    floor.range > 0 ? `range ${duration(floor.range)}` : '',
    floor.evaluation > 0 ? `evaluation ${duration(floor.evaluation)}` : '',
    floor.for > 0 ? `for ${duration(floor.for)}` : '',
  ]
    .filter(Boolean)
    .join(', ');

function* nameProblems(plan: Plan): Generator<string> {
  const alerts = plan.alerts.map((alert) => alert.name);
  const panels = plan.panels.map(({ dashboard, panel }) => `${dashboard} / ${panel}`);
  for (const alert of Object.keys(plan.scenario.mayFire ?? {})) {
    if (!alerts.includes(alert))
      yield `mayFire: no rule file defines the alert '${alert}'${suggest(alert, alerts) || '.'}`;
  }
  for (const phase of plan.scenario.phases) {
    for (const { needs, title } of phase.expectations) {
      for (const alert of needs.alerts ?? []) {
        if (!alerts.includes(alert))
          yield `"${title}": no rule file defines the alert '${alert}'${suggest(alert, alerts) || '.'}`;
      }
      for (const { dashboard, panel, legend } of needs.panels ?? []) {
        const name = `${dashboard} / ${panel}`;
        const legends = plan.panels
          .find((each) => `${each.dashboard} / ${each.panel}` === name)
          ?.queries.map((query) => query.legend);
        if (legends?.length === 0)
          yield `"${title}": no query of the panel '${name}' has an expression, so it can show nothing.`;
        else if (!legends) yield `"${title}": no dashboard has the panel '${name}'${suggest(name, panels) || '.'}`;
        else if (legend !== undefined && !legends.includes(legend)) {
          yield `"${title}": no query of '${name}' has the legend '${legend}' (they have ${legends.join(', ')}).`;
        }
      }
      for (const { name, labels } of needs.metrics ?? []) {
        const known = plan.metricLabels.get(name);
        if (known === undefined)
          yield `"${title}": ${plan.scenario.system.name} has no metric '${name}'${suggest(name, [...plan.metricLabels.keys()]) || '.'}`;
        else if (known !== 'any') {
          for (const label of labels) {
            if (!known.has(label))
              yield `"${title}": ${name} has no label '${label}' (it has ${[...known].join(', ') || 'none'}).`;
          }
        }
      }
    }
  }
}

function* speedProblems(plan: Plan): Generator<string> {
  const { clock, scenario } = plan;
  if (scenario.maxSpeed !== undefined && clock.speed > scenario.maxSpeed) {
    yield `it is sound up to --speed ${scenario.maxSpeed}, as its file says.`;
  }
  const expressions = [
    ...plan.alerts.map((rule) => ({ expr: rule.expr, where: `${rule.file}:${rule.line} ${rule.name}` })),
    ...plan.recordings.map((rule) => ({ expr: rule.expr, where: `${rule.file}:${rule.line} ${rule.record}` })),
    ...plan.panels.flatMap(({ panel, queries }) => queries.map(({ expr }) => ({ expr, where: `the panel ${panel}` }))),
    ...scenario.phases.flatMap((phase) =>
      phase.expectations.flatMap((expectation) => {
        const queries = namesKnown(plan, expectation) ? expectation.queries(plan) : [];
        return queries.map(({ expr }) => ({ expr, where: `"${expectation.title}"` }));
      }),
    ),
  ];
  for (const { expr, where } of expressions) {
    try {
      onTheClock(plan, { key: where, mode: 'range', expr });
    } catch (error) {
      yield messageOf(error);
      continue;
    }
    for (const { fn, ms } of inspectPromql(expr, where).ranges) {
      const least = SCRAPES_PER_RANGE * plan.intervals.scrape;
      if (!NEEDS_SEVERAL.test(fn) || ms >= least - 1) continue;
      const slowest = SCRAPES_PER_RANGE * milliseconds(scenario.system.scrapeInterval);
      const advice =
        ms < slowest
          ? ` at any speed; make it ${duration(slowest)} or longer`
          : `; the highest sound speed is ${Math.max(1, Math.floor((clock.speed * ms) / least))}`;
      yield `${where}: ${fn} over [${duration(ms)}] would see fewer than ${SCRAPES_PER_RANGE} scrapes (one every ${duration(plan.intervals.scrape)} at this speed)${advice}.`;
    }
  }
}

/** Queries of an expectation on an unknown panel or alert cannot be made; nameProblems reports those. */
function namesKnown(plan: Plan, { needs }: Expectation): boolean {
  return (
    (needs.alerts ?? []).every((name) => plan.alerts.some((alert) => alert.name === name)) &&
    (needs.panels ?? []).every((wanted) =>
      plan.panels.some(({ dashboard, panel }) => dashboard === wanted.dashboard && panel === wanted.panel),
    )
  );
}
