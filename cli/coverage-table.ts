/** What the scenarios of one --all prove together, as a table for the terminal. */
import type { Coverage } from '../reports/coverage.ts';

const TITLES = { alerts: 'alert', panels: 'panel', metrics: 'metric' } as const;
const NOBODY = '✗ proven by no scenario';

/** A line a name: which scenarios proved it. */
export function coverageTable({ system, kinds }: Coverage): string {
  const width = Math.max(...kinds.flatMap(({ names }) => names.map(({ name }) => name.length)));
  const lines = kinds.flatMap(({ kind, names }) => {
    const proven = names.filter(({ provenBy }) => provenBy.length > 0).length;
    const rows = names.map(({ name, provenBy }) => {
      const scenarios = provenBy.map(({ run }) => run.id.slice(run.id.indexOf('/') + 1));
      return `  ${name.padEnd(width)}  ${scenarios.length > 0 ? listed(scenarios) : NOBODY}`;
    });
    return ['', `${TITLES[kind].padEnd(width + 2)}  proven by (${proven} of ${names.length})`, ...rows];
  });
  return `\nCoverage of ${system}${lines.join('\n')}`;
}

/** The first three by name and how many more. */
function listed(scenarios: readonly string[]): string {
  const shown = scenarios.slice(0, 3).join(', ');
  return scenarios.length > 3 ? `${shown} and ${scenarios.length - 3} more` : shown;
}
