/** Sees to programs that only the tests or the benchmarks use: `node tools/programs.ts tests`. */
import { messageOf } from '../harness/errors.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import type { Program } from '../harness/stack/service.ts';
import { audio, flashSale } from '../sut/index.ts';
import { CHROMIUM, PROMTOOL, WRK } from './extra-programs.ts';

/** What the services of every system are, and what they run. */
const SERVICES = [flashSale(), audio()].flatMap(({ services }) =>
  services.flatMap(({ program, runs = [] }) => [program, ...runs]),
);

const SETS: Readonly<Record<string, readonly Program[]>> = {
  tests: [...SERVICES, CHROMIUM, PROMTOOL],
  bench: [...SERVICES, CHROMIUM, WRK],
};

try {
  const programs = process.argv.slice(2).flatMap((set) => SETS[set] ?? []);
  await locatePrograms(programs, (line) => process.stderr.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
