/** Which versions of the programs a run uses, for its report. */
import { basename } from 'node:path';
import { execa } from 'execa';
import type { Plan } from '../harness/plan.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import { loadsOf } from './drivers.ts';

/** Installs or builds what is missing, saying so. Throws PROGRAM_MISSING. */
export async function versionsOf(plans: readonly Plan[], say: (line: string) => void): Promise<Record<string, string>> {
  const services = new Map(
    plans.flatMap((plan) => plan.scenario.system.services.map((service) => [service.name, service.program] as const)),
  );
  const located = await locatePrograms([...services.values()], say);
  const entries = await Promise.all(
    [...services].map(async ([name, program]) => {
      if (program.command === process.execPath) return undefined;
      const { stdout, stderr } = await execa(located(program), ['--version'], {
        reject: false,
        timeout: 5_000,
        stdin: 'ignore',
      });
      const number = /\d+\.\d+(?:\.\d+)*/.exec(stdout || stderr)?.[0];
      return [name, number ?? basename(located(program))] as const;
    }),
  );
  const loads: Record<string, string> = {};
  // One after another: two loads want the same program, and it is built once.
  for (const load of loadsOf(plans)) Object.assign(loads, await load.prepare?.(say));
  return { ...Object.fromEntries(entries.filter((entry) => entry !== undefined)), ...loads };
}
