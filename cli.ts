/** npm run scenario: parse, run, report, exit code. The only file that sees everything. */
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coverageTable } from './cli/coverage-table.ts';
import { underDriver } from './cli/drivers.ts';
import { withExtras } from './cli/extras.ts';
import { createRunFolder, pointLatestAt } from './cli/folders.ts';
import { onInterrupt } from './cli/interrupt.ts';
import { keepUp } from './cli/keep.ts';
import { DEFAULT_SCENARIO, type Options, readOptions } from './cli/options.ts';
import { checkOverrides } from './cli/overrides.ts';
import { findScenarios, load, pick } from './cli/scenarios.ts';
import { type Terminal, terminal } from './cli/terminal.ts';
import { check } from './harness/check.ts';
import { createClock } from './harness/clock.ts';
import { FiredrillError } from './harness/errors.ts';
import { makePlan, type Plan } from './harness/plan.ts';
import { run } from './harness/run.ts';
import { loadsOf } from './harness/scenario.ts';
import { type ChosenRuntime, chooseRuntime } from './harness/stack/choose.ts';
import type { ServiceDescription } from './harness/stack/service.ts';
import { exitCodeOf, overall } from './harness/verdict.ts';
import { type Catalog, coverageOf } from './reports/coverage.ts';
import { JournalUnreadable } from './reports/journal-file.ts';
import type { RunReport } from './reports/model.ts';
import { ReportUnwritable, writeIndex, writeReports } from './reports/write.ts';

const SCENARIOS = fileURLToPath(new URL('./scenarios', import.meta.url));
const { version } = JSON.parse(await readFile(new URL('./package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), version);
  if (!options) return 0;
  const files = await findScenarios(SCENARIOS);
  const scenarios = await load(
    options.all || options.list ? files : pick(files, options.names.length > 0 ? options.names : [DEFAULT_SCENARIO]),
  );
  if (options.list) {
    for (const { id, scenario } of scenarios)
      process.stdout.write(`${id.padEnd(32)} ${scenario.name}\n${''.padEnd(33)}${scenario.hypothesis}\n`);
    return 0;
  }
  // Every scenario is checked before the first one boots: a mistake in the last must not cost the time of the others.
  const clock = createClock(options.speed);
  const plans: Plan[] = [];
  const note = (line: string) => process.stderr.write(`${line}\n`);
  for (const { id, scenario } of scenarios) {
    const sent = options.load === undefined ? scenario : underDriver(scenario, options.load, note);
    const plan = await makePlan(id, withExtras(sent, options.with), clock);
    check(plan);
    plans.push(plan);
  }
  return runAll(plans, options);
}

async function runAll(plans: readonly Plan[], options: Options): Promise<number> {
  const signal = onInterrupt();
  const screen = terminal();
  const runs: Finished[] = [];
  try {
    const services = servicesOf(plans);
    checkOverrides(options.images, services);
    const runtime = await chooseRuntime(options.runtime, services, options.images);
    if (options.runtime === 'auto') screen.say(`Services run as ${runtime.name}: ${runtime.why}.`);
    const versions = {
      firedrill: version,
      node: process.version,
      ...(await runtime.versions(services, screen.say)),
      ...(await driverVersions(plans, screen.say)),
    };
    for (const plan of plans) {
      if (signal.aborted) break;
      runs.push(await runOne(plan, options, { runtime, versions, signal, screen }));
    }
  } finally {
    screen.done();
  }
  if (options.json)
    process.stdout.write(`${JSON.stringify(runs.length === 1 ? runs[0]?.run : runs.map(({ run }) => run), null, 2)}\n`);
  if (plans.length > 1) {
    const indexed = runs.map(({ folder, run }) => ({
      run,
      href: `${relative(resolve(options.out), folder)}/report.html`,
    }));
    const catalogs = catalogsOf(plans);
    const index = await writeIndex(options.out, indexed, catalogs);
    const table = catalogs.map((catalog) => coverageTable(coverageOf(indexed, catalog))).join('\n');
    (options.json ? process.stderr : process.stdout).write(`${table}\n`);
    process.stderr.write(`  Index   ${relative(process.cwd(), index.html)}\n`);
  }
  return signal.aborted ? 130 : exitCodeOf(overall(runs.map(({ run }) => run.verdict)));
}

interface Finished {
  readonly folder: string;
  readonly run: RunReport;
}

/** Every service that some plan boots, once by name. */
function servicesOf(plans: readonly Plan[]): ServiceDescription[] {
  const all = plans.flatMap((plan) => plan.scenario.system.services.map((service) => [service.name, service] as const));
  return [...new Map(all).values()];
}

/** Of the programs that send the loads. One after another: two loads may want the same program, and it is built once. */
async function driverVersions(plans: readonly Plan[], say: (line: string) => void): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const plan of plans) {
    for (const load of loadsOf(plan.scenario)) Object.assign(versions, await load.prepare?.(say));
  }
  return versions;
}

/** What each system owes, for the coverage table. */
function catalogsOf(plans: readonly Plan[]): Catalog[] {
  const bySystem = new Map(plans.map((plan) => [plan.scenario.system.name, plan]));
  return [...bySystem].map(([system, plan]) => ({
    system,
    alerts: plan.alerts.map(({ name }) => name),
    panels: plan.panels.map(({ panel }) => panel),
    metrics: plan.scenario.system.monitoring.metrics.map(({ name }) => name),
  }));
}

interface Surroundings {
  readonly runtime: ChosenRuntime;
  readonly versions: Record<string, string>;
  readonly signal: AbortSignal;
  readonly screen: Terminal;
}

async function runOne(plan: Plan, options: Options, around: Surroundings): Promise<Finished> {
  const { runtime, versions, signal, screen } = around;
  const folder = await createRunFolder(options.out, plan.id);
  await run(plan, {
    folder,
    openRuntime: runtime.open,
    seed: options.seed,
    full: options.full,
    signal,
    about: {
      versions,
      settings: {
        speed: String(options.speed),
        seed: String(options.seed),
        runtime: runtime.name,
        full: String(options.full),
        load: [...new Set(loadsOf(plan.scenario).map(({ driver }) => driver))].join(', '),
      },
    },
    onEvent: screen.onEvent,
    say: screen.say,
    ...(options.keep ? { beforeTeardown: (stack) => keepUp(stack, plan.scenario.system, signal, screen.say) } : {}),
  });
  const { report, html } = await writeReports(folder);
  await pointLatestAt(options.out, folder);
  screen.say(`  Report  ${relative(process.cwd(), html)}\n`);
  return { folder, run: report };
}

/** A person's mistake gets its message; only a defect of ours shows where in the code it happened. */
function report(error: unknown): number {
  const mistake = [FiredrillError, JournalUnreadable, ReportUnwritable].some((known) => error instanceof known);
  const text = !(error instanceof Error)
    ? String(error)
    : mistake
      ? error.message
      : `a defect in firedrill: ${error.stack}`;
  process.stderr.write(`${text}\n`);
  return 2;
}

/** Resolves once everything written so far has gone out: a pipe takes only so much at once. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });

const code = await main().catch(report);
await Promise.all([process.stdout, process.stderr].map(flushed));
// Everything is disposed of and written, so the process ends here. Left to itself Node first waits for its last handles,
// and one in some hundred runs waits for ever, at full load: 24.21 was found turning in Environment::CleanupHandles forty
// minutes after the report was written.
process.exit(code);
