/** npm run bench: measures, prints a table, writes bench/out/results.json. A missed aim is a finding, not an error. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { onInterrupt } from '../cli/interrupt.ts';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import { suggest } from '../harness/suggest.ts';
import { arrivals } from './arrivals.ts';
import type { Bench, Benchmark, Outcome } from './benchmark.ts';
import { boot } from './boot.ts';
import { detection } from './detection.ts';
import { describeMachine, thisMachine } from './machine.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { pipeline } from './pipeline.ts';
import { report } from './report.ts';
import { writePage, writeResults } from './results.ts';
import { Runs } from './runs.ts';
import { suite } from './suite.ts';
import { terminalTable } from './table.ts';
import { uploads } from './uploads.ts';
import { verdict } from './verdict.ts';

/** In this order: later ones read what the runs of earlier ones left. */
const BENCHMARKS: readonly Benchmark[] = [
  boot,
  verdict,
  memory,
  detection,
  report,
  arrivals,
  overhead,
  pipeline,
  uploads,
  suite,
];

interface Options {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly write: boolean;
  readonly runs: string | undefined;
}

function readOptions(argv: readonly string[]): Options | undefined {
  const command = new Command('npm run bench --')
    .description('Measures firedrill and compares with what it aims at.')
    .argument('[benchmark...]', 'which ones (default: all)')
    .option(
      '-q, --quick',
      'fewer and shorter repetitions, under four minutes, without what takes long; not for quoting',
    )
    .option('-w, --write', 'put the table into docs/benchmarks.md; only whole, only at full length')
    .option('-r, --runs <folder>', 'use the held runs below this folder (such as reports/out) before running anew')
    .addHelpText(
      'after',
      `\nBenchmarks:\n${BENCHMARKS.map(({ name, summary, takes }) => `  ${name.padEnd(10)} ${summary}${takes === undefined ? '' : ` (${takes})`}`).join('\n')}\n
Examples:
  npm run bench                              everything, about twenty-five minutes
  npm run bench -- boot arrivals
  npm run bench -- --quick                   see that it works
  npm run bench -- detection --runs reports/out

Exit codes: 0 measured (aims met or not), 1 something could not be measured, 2 bad options, 130 interrupted.`,
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new FiredrillError('BAD_OPTION', `${messageOf(error).replace(/^error: /, '')}. See --help.`);
  }
  const { quick = false, write = false, runs } = command.opts<{ quick?: true; write?: true; runs?: string }>();
  const known = BENCHMARKS.map(({ name }) => name);
  const unknown = command.args.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new FiredrillError(
      'BAD_OPTION',
      `there is no benchmark '${unknown}'${suggest(unknown, known) || '.'} See --help.`,
    );
  if (write && (quick || command.args.length > 0))
    throw new FiredrillError(
      'BAD_OPTION',
      '--write wants every benchmark at full length: a page of parts would mislead.',
    );
  return { names: command.args, quick, write, runs };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) return 0;
  const signal = onInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  const [began, machine] = [performance.now(), thisMachine()];
  process.stderr.write(`${describeMachine(machine)}\n`);
  try {
    const runs = new Runs(folder, signal);
    if (options.runs !== undefined) await runs.adopt(resolve(options.runs));
    const bench: Bench = { quick: options.quick, signal, runs, folder, say };
    const chosen = BENCHMARKS.filter(({ name, takes }) =>
      options.names.length === 0 ? !(options.quick && takes !== undefined) : options.names.includes(name),
    );
    const outcomes: Outcome[] = [];
    for (const benchmark of chosen) if (!signal.aborted) outcomes.push(await measure(benchmark, bench));
    if (signal.aborted) return 130;
    const seconds = Math.round((performance.now() - began) / 1_000);
    const results = { at: new Date().toISOString(), quick: options.quick, seconds, machine, outcomes };
    process.stdout.write(`\n${terminalTable(outcomes)}\n`);
    const written = [await writeResults(results), ...(options.write ? [await writePage(results)] : [])];
    process.stderr.write(
      `\n${seconds} s; written: ${written.map((path) => relative(process.cwd(), path)).join(', ')}\n`,
    );
    return outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One that fails does not take the others with it. */
async function measure(benchmark: Benchmark, bench: Bench): Promise<Outcome> {
  const began = performance.now();
  process.stderr.write(`${benchmark.name}\n`);
  const done = (rest: Pick<Outcome, 'figures' | 'failure'>): Outcome => ({
    benchmark: benchmark.name,
    seconds: Math.round((performance.now() - began) / 1_000),
    ...rest,
  });
  try {
    const figures = await benchmark.measure(bench);
    const broken = figures.find(({ values }) => values.length === 0 || !values.every(Number.isFinite));
    if (broken) throw new Error(`"${broken.name}" came out as ${JSON.stringify(broken.values)}`);
    return done({ figures });
  } catch (error) {
    return done({ figures: [], failure: messageOf(error) });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof FiredrillError ? messageOf(error) : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 2;
}
