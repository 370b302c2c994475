/** Which versions of the programs a run uses, for its report. */
import { basename } from 'node:path';
import { execa } from 'execa';
import { locatePrograms } from './programs.ts';
import type { Program } from './service.ts';

/** By name (of the service, of the driver's program). Installs what is missing, saying so. Throws PROGRAM_MISSING. */
export async function programVersions(
  services: readonly { readonly name: string; readonly program: Program }[],
  say: (line: string) => void,
): Promise<Record<string, string>> {
  const located = await locatePrograms(
    services.map(({ program }) => program),
    say,
  );
  const entries = await Promise.all(
    services
      .filter(({ program }) => program.command !== process.execPath)
      .map(async ({ name, program }) => {
        const { stdout, stderr } = await execa(located(program), ['--version'], {
          reject: false,
          timeout: 5_000,
          stdin: 'ignore',
        });
        const number = /\d+\.\d+(?:\.\d+)*/.exec(stdout || stderr)?.[0];
        return [name, number ?? basename(located(program))] as const;
      }),
  );
  return Object.fromEntries(entries);
}
