/** Claims about what a dashboard panel draws: its own PromQL, with the variables filled in as Grafana would. */
import type { Expectation, Query } from '../harness/expectation.ts';
import type { Labels } from '../harness/journal.ts';
import type { Plan } from '../harness/plan.ts';
import { inspectPromql } from '../harness/promql.ts';
import type { DashboardTitle, PanelTitle } from '../monitoring/catalog.gen.ts';
import { type Claim, comesBack, departs, dominated, hasSamples, type Signal } from './signal.ts';

export interface PanelClaims {
  /** Only the queries with this legend. */
  legend(text: string): PanelClaims;
  hasData(): Expectation;
  rises(): Claim;
  falls(): Claim;
  /** Leaves its steady state, whichever way. */
  reacts(): Claim;
  /** Every series is back in its steady state. */
  returns(): Claim;
  /** More than half of what it draws is the series with these labels, as its query yields them. */
  dominatedBy(labels: Labels): Claim;
}

export function panel<D extends DashboardTitle>(dashboard: D, title: PanelTitle<D>): PanelClaims {
  return of(dashboard, title, undefined);
}

function of(dashboard: string, title: string, legend: string | undefined): PanelClaims {
  const queries = (plan: Plan) => {
    const found = plan.panels.find((candidate) => candidate.dashboard === dashboard && candidate.panel === title);
    return (found?.queries ?? []).filter((query) => legend === undefined || query.legend === legend);
  };
  const signal: Signal = {
    name: `panel "${title}"${legend === undefined ? '' : ` (${legend})`}`,
    kind: 'panel',
    needs: { panels: [{ dashboard, panel: title, ...(legend === undefined ? {} : { legend }) }] },
    unit: (plan) =>
      plan.panels.find((candidate) => candidate.dashboard === dashboard && candidate.panel === title)?.unit ?? '',
    queries,
    lookBack: (plan) => Math.max(0, ...queries(plan).map(({ expr, key }) => inspectPromql(expr, key).reactionRangeMs)),
    proves: { panel: title },
  };
  // That a panel has data, returns or is dominated by one of its series does not show that it reacts.
  const unproving: Signal = { ...signal, proves: {} };
  return {
    legend: (text) => of(dashboard, title, text),
    hasData: () => hasSamples(unproving, (plan) => metricsIn(queries(plan))),
    rises: () => departs(signal, 'rises'),
    falls: () => departs(signal, 'falls'),
    reacts: () => departs(signal, 'moves'),
    returns: () => comesBack(unproving),
    dominatedBy: (labels) => dominated(unproving, labels),
  };
}

const metricsIn = (queries: readonly Query[]): string[] => [
  ...new Set(queries.flatMap(({ expr, key }) => inspectPromql(expr, key).metrics)),
];
