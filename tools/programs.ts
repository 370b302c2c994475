/** Sees to programs that only the tests or the benchmarks use, k6 among them: `node tools/programs.ts tests`. */
import { messageOf } from '../harness/errors.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import type { Program } from '../harness/stack/service.ts';
import { CHROMIUM } from '../load/chromium.ts';
import { locateK6 } from '../load/k6/program.ts';
import { audio, flashSale } from '../sut/index.ts';
import { PROMTOOL, WRK } from './extra-programs.ts';

/** What the services of every system are, and what they run. */
const SERVICES = [flashSale(), audio()].flatMap(({ services }) =>
  services.flatMap(({ program, runs = [] }) => [program, ...runs]),
);

const SETS: Readonly<Record<string, readonly Program[]>> = {
  tests: [...SERVICES, CHROMIUM, PROMTOOL],
  bench: [...SERVICES, CHROMIUM, WRK],
};

const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  await locatePrograms(
    process.argv.slice(2).flatMap((set) => SETS[set] ?? []),
    say,
  );
  // Without it the tests of k6 are skipped, with this message, and all others run.
  await locateK6(say).catch((error: unknown) => say(messageOf(error)));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
