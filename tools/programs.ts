/** Sees to programs that only the tests or the benchmarks use: `node tools/programs.ts chromium`. */
import { messageOf } from '../harness/errors.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import type { Program } from '../harness/stack/service.ts';
import { flashSale } from '../sut/index.ts';

const SETS: Readonly<Record<string, readonly Program[]>> = {
  tests: [
    ...flashSale().services.map((service) => service.program),
    {
      command: 'chromium',
      aliases: ['chromium-browser', 'google-chrome'],
      why: 'the reports and the storefront are tested in it',
      packages: { apt: 'chromium', dnf: 'chromium', brew: '--cask chromium' },
    },
    {
      command: 'promtool',
      why: "runs the rules' unit tests",
      packages: { apt: 'prometheus', dnf: 'prometheus', brew: 'prometheus' },
    },
  ],
  bench: [
    { command: 'wrk', why: 'the yardstick of the load drivers', packages: { apt: 'wrk', dnf: 'wrk', brew: 'wrk' } },
  ],
};

try {
  const programs = process.argv.slice(2).flatMap((set) => SETS[set] ?? []);
  await locatePrograms(programs, (line) => process.stderr.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
