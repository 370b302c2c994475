/** Sees to programs that only the tests or the benchmarks use: `node tools/programs.ts tests`. */
import { messageOf } from '../harness/errors.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import type { Program } from '../harness/stack/service.ts';
import { CHROMIUM } from '../load/chromium.ts';
import { flashSale } from '../sut/index.ts';
import { PROMTOOL, WRK } from './extra-programs.ts';

const SETS: Readonly<Record<string, readonly Program[]>> = {
  tests: [...flashSale().services.map((service) => service.program), CHROMIUM, PROMTOOL],
  bench: [...flashSale().services.map((service) => service.program), CHROMIUM, WRK],
};

try {
  const programs = process.argv.slice(2).flatMap((set) => SETS[set] ?? []);
  await locatePrograms(programs, (line) => process.stderr.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
