/** Which scenario proved which alert, panel and metric; what none proved is the reason for the table. */
import type { RunJson } from './run-json.ts';

/** Every name a system owes: what its monitoring defines. */
export interface Catalog {
  readonly system: string;
  readonly alerts: readonly string[];
  readonly panels: readonly string[];
  readonly metrics: readonly string[];
}

/** A run and where its report lies, relative to the index. */
export interface IndexedRun {
  readonly run: RunJson;
  readonly href: string;
}

export interface CoveredName {
  readonly name: string;
  readonly provenBy: readonly IndexedRun[];
}

export interface Coverage {
  readonly system: string;
  readonly kinds: readonly { readonly kind: 'alerts' | 'panels' | 'metrics'; readonly names: readonly CoveredName[] }[];
}

/** For each name of the catalog the runs of its system that proved it, in the order given. */
export function coverageOf(runs: readonly IndexedRun[], catalog: Catalog): Coverage {
  const own = runs.filter(({ run }) => run.system === catalog.system);
  return {
    system: catalog.system,
    kinds: (['alerts', 'panels', 'metrics'] as const).map((kind) => ({
      kind,
      names: catalog[kind].map((name) => ({
        name,
        provenBy: own.filter(({ run }) => run.coverage[kind].some((proven) => names(proven, name))),
      })),
    })),
  };
}

/** A panel may be told with its dashboard ('Flash Sale / Saturation') or by its title alone. */
const names = (proven: string, name: string): boolean => proven === name || proven.endsWith(`/ ${name}`);

/** '8 of 8 alerts, 15 of 16 panels, 21 of 21 metrics proven' */
export function coverageText({ kinds }: Coverage): string {
  const parts = kinds.map(
    ({ kind, names: all }) => `${all.filter(({ provenBy }) => provenBy.length > 0).length} of ${all.length} ${kind}`,
  );
  return `${parts.join(', ')} proven`;
}
