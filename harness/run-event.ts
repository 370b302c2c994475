/** The journal's first line: what was planned, so that a report needs nothing else. */
import { namedAlerts } from './conclude.ts';
import { type EventOf, SCHEMA_VERSION } from './journal.ts';
import type { Plan } from './plan.ts';
import type { RunOptions } from './run.ts';

export function runEvent(plan: Plan, { seed, about }: RunOptions): EventOf<'run'> {
  const { scenario } = plan;
  const named = namedAlerts(plan);
  return {
    type: 'run',
    at: Date.now(),
    schema: SCHEMA_VERSION,
    id: plan.id,
    name: scenario.name,
    hypothesis: scenario.hypothesis,
    system: scenario.system.name,
    speed: plan.clock.speed,
    seed,
    load: scenario.load.map(({ description }) => description).join(' and '),
    phases: scenario.phases.map(({ kind, title, durationMs, faults }, index) => ({
      index,
      kind,
      title,
      plannedMs: durationMs,
      faults: faults.map(({ name, description }) => ({ name, description })),
    })),
    intervals: { scrape: plan.intervals.scrape, evaluation: plan.intervals.evaluation },
    alerts: plan.alerts.map(({ name, severity, summary, expr, floor }) => ({
      name,
      severity,
      summary,
      expr,
      floor,
      named: named.has(name),
    })),
    panels: plan.panels.map(({ dashboard, row, panel, unit, queries }) => ({
      dashboard,
      row,
      panel,
      unit,
      queries: queries.map(({ key, legend, expr }) => ({ key, legend, expr })),
    })),
    versions: about.versions,
    settings: about.settings,
  };
}
