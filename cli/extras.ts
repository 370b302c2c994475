/** --with: what a system offers to look around with, booted beside what the scenario needs. */
import { FiredrillError } from '../harness/errors.ts';
import type { Scenario } from '../harness/scenario.ts';
import { suggest } from '../harness/suggest.ts';

/** Throws BAD_OPTION where the scenario's system does not offer it. */
export function withExtras(scenario: Scenario, names: readonly string[]): Scenario {
  const { system } = scenario;
  const offered = system.extras ?? [];
  const chosen = names.map((name) => {
    const extra = offered.find((service) => service.name === name);
    if (extra) return extra;
    const known = offered.map((service) => service.name);
    throw new FiredrillError(
      'BAD_OPTION',
      `--with is '${name}'; ${system.name} offers ${known.join(', ') || 'nothing'}${suggest(name, known) || '.'}`,
    );
  });
  return { ...scenario, system: { ...system, services: [...system.services, ...new Set(chosen)] } };
}
