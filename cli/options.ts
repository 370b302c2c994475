/** The command line of `npm run scenario`. */
import { Command, CommanderError, Option } from 'commander';
import { FiredrillError } from '../harness/errors.ts';
import type { ImageChoice } from '../harness/stack/images.ts';
import type { RuntimeName } from '../harness/stack/service.ts';
import { OPEN_DRIVERS, type OpenDriver, openDriver } from '../load/index.ts';

export interface Options {
  readonly names: readonly string[];
  readonly list: boolean;
  readonly all: boolean;
  readonly speed: number;
  readonly seed: number;
  readonly out: string;
  readonly keep: boolean;
  readonly json: boolean;
  readonly full: boolean;
  readonly runtime: RuntimeName | 'auto';
  readonly images: ImageChoice;
  /** Services beside those that a scenario needs. */
  readonly with: readonly string[];
  /** The driver of open-model loads in place of the scenario's own. */
  readonly load?: OpenDriver;
}

export const DEFAULT_SCENARIO = 'flash-sale/pool-exhausted';

/** undefined when help or the version was asked for and printed. Throws BAD_OPTION. */
export function readOptions(argv: readonly string[], version: string): Options | undefined {
  const command = new Command('npm run scenario --')
    .description(
      'Boots a system, loads it, breaks it on purpose, and proves from Prometheus that its monitoring reacts.',
    )
    .argument('[scenario...]', `names or globs (default: ${DEFAULT_SCENARIO})`)
    .option('-l, --list', 'list the scenarios and what they believe')
    .option('-a, --all', 'run every scenario, then print what they prove together')
    .addOption(new Option('-s, --speed <n>', 'scenario seconds in a real second').default('60'))
    .addOption(new Option('--seed <n>', 'the same seed gives the same traffic').default('1'))
    .option('-o, --out <folder>', 'where runs are kept', 'reports/out')
    .option('-k, --keep', 'leave the stack up after the verdict, print its addresses, and wait for Ctrl-C')
    .addOption(
      new Option('-r, --runtime <runtime>', 'how services run: processes, containers, or auto')
        .default('auto')
        .env('FIREDRILL_RUNTIME'),
    )
    .option('--image <service=image>', 'an image of your own for a service; may be given again', collect, [])
    .addOption(
      new Option('--image-prefix <prefix>', 'a registry, or a path in one, that mirrors the official images').env(
        'FIREDRILL_IMAGE_PREFIX',
      ),
    )
    .option(
      '--with <service>',
      'also boot one to look around with: grafana, an exporter; may be given again',
      collect,
      [],
    )
    .option('--load <driver>', `who sends open-model loads in this run: ${OPEN_DRIVERS.join(' or ')}`)
    .option('--full', 'run every phase to its end, even when everything is decided')
    .option('--json', 'print run.json of the last run on standard output')
    .version(version)
    .addHelpText(
      'after',
      `
Examples:
  npm run scenario                                   ${DEFAULT_SCENARIO}, about half a minute
  npm run scenario -- --list
  npm run scenario -- flash-sale/redis-down --keep   look around afterwards
  npm run scenario -- 'flash-sale/*-down'            a glob, in quotes
  npm run scenario -- --all                          everything, with the coverage table
  npm run scenario -- --load k6                      the same visitors, sent by k6
  npm run scenario -- --speed 10                     slower: closer to production's own timing
  npm run report -- reports/out/latest               draw a report again from its journal

Exit codes: 0 held, 1 broken, 2 unknown or could not run, 130 interrupted.`,
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    if (error instanceof CommanderError)
      throw new FiredrillError('BAD_OPTION', `${sentence(error.message)} See --help.`);
    throw error;
  }
  const raw = command.opts<{
    list?: true;
    all?: true;
    speed: string;
    seed: string;
    out: string;
    keep?: true;
    json?: true;
    full?: true;
    runtime: string;
    image: readonly string[];
    imagePrefix?: string;
    with: readonly string[];
    load?: string;
  }>();
  return {
    names: command.args,
    list: raw.list ?? false,
    all: raw.all ?? false,
    speed: number('--speed', raw.speed, 1, 300, "a number from 1 (production's own time) to 300"),
    seed: number('--seed', raw.seed, 0, 2 ** 31, 'a whole number from 0 to 2147483648'),
    out: raw.out,
    keep: raw.keep ?? false,
    json: raw.json ?? false,
    full: raw.full ?? false,
    with: raw.with,
    runtime: oneOf('--runtime', raw.runtime, ['auto', 'processes', 'containers']),
    images: {
      overrides: Object.fromEntries(raw.image.map(override)),
      ...(raw.imagePrefix === undefined ? {} : { prefix: raw.imagePrefix }),
    },
    ...(raw.load === undefined ? {} : { load: openDriver(raw.load) }),
  };
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw new FiredrillError('BAD_OPTION', `${option} is '${text}'; expected ${known.join(', ')}.`);
}

/** 'postgres=postgres:17' → ['postgres', 'postgres:17']. The names of services are checked when a system is known. */
function override(text: string): readonly [string, string] {
  const [, service, image] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (service !== undefined && image !== undefined) return [service, image];
  throw new FiredrillError(
    'BAD_OPTION',
    `--image is '${text}'; expected <service>=<image>, such as postgres=postgres:17.`,
  );
}

/** Commander's message as one sentence of ours. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?');
  return text.endsWith('?') ? text : `${text}.`;
}

function number(option: string, text: string, least: number, most: number, expected: string): number {
  const value = Number(text);
  if (
    text.trim() === '' ||
    !Number.isFinite(value) ||
    value < least ||
    value > most ||
    (option === '--seed' && !Number.isInteger(value))
  ) {
    throw new FiredrillError('BAD_OPTION', `${option} is '${text}'; expected ${expected}.`);
  }
  return value;
}
