/**
 * Where k6 comes from: a k6 of version 2 on PATH, else built from the module that tools/k6 pins, else its image where a
 * container engine holds it. It is AGPL software, and run as a program: nothing of it is linked into ours.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { FiredrillError, messageOf } from '../../harness/errors.ts';
import { buildGoProgram, findBuilt, GO, type GoProgram } from '../../harness/stack/go-program.ts';
import { find } from '../../harness/stack/programs.ts';
import type { Program } from '../../harness/stack/service.ts';

/** Taken where k6 is neither on PATH nor to be built; the version that tools/k6/go.mod pins. */
export const K6_IMAGE = 'grafana/k6:2.2.0';

/** Plain data: it crosses into the load's thread. */
export type K6Program =
  | { readonly kind: 'program'; readonly path: string; readonly version: string }
  | { readonly kind: 'image'; readonly engine: string; readonly image: string; readonly version: string };

const MAJOR = 2;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULE: GoProgram = {
  command: 'k6',
  package: 'go.k6.io/k6/v2',
  folder: fileURLToPath(new URL('../../tools/k6', import.meta.url)),
  takes: 'one to three minutes',
};
const none = { apt: '', dnf: '', brew: '' };
const ON_PATH: Program = { command: 'k6', why: 'sends the load', packages: none };
const DOCKER: Program = { command: 'docker', why: 'runs the image of k6', packages: none };

let located: Promise<K6Program> | undefined;

/** Looks once for a process of ours. `say` is told before anything is built. Throws PROGRAM_MISSING. */
export function locateK6(say: (line: string) => void = () => {}): Promise<K6Program> {
  located ??= locate(say).catch((error: unknown) => {
    located = undefined;
    throw error;
  });
  return located;
}

/** The same without the memory; the module, the compiler and the image are a test's to choose. */
export async function locate(
  say: (line: string) => void,
  { module = MODULE, go = GO, image = K6_IMAGE }: { module?: GoProgram; go?: Program; image?: string } = {},
): Promise<K6Program> {
  const reasons: string[] = [];
  const onPath = find(ON_PATH);
  if (onPath !== undefined) {
    const version = await versionOf(onPath);
    if (version?.startsWith(`${MAJOR}.`)) return { kind: 'program', path: onPath, version };
    reasons.push(`${onPath} is ${version === undefined ? 'no k6 that answers' : `version ${version}`}; not taken`);
  } else reasons.push('there is no k6 on PATH');
  const built = (await findBuilt(module)) ?? (await build(module, go, say, reasons));
  if (built !== undefined) return { kind: 'program', path: built, version: (await versionOf(built)) ?? 'unknown' };
  const engine = find(DOCKER);
  if (engine !== undefined && (await holds(engine, image)))
    return { kind: 'image', engine, image, version: tagOf(image) };
  reasons.push(
    engine === undefined ? 'there is no docker on PATH' : `the container engine does not hold the image ${image}`,
  );
  throw missing(reasons);
}

async function build(
  module: GoProgram,
  go: Program,
  say: (line: string) => void,
  reasons: string[],
): Promise<string | undefined> {
  try {
    const path = await buildGoProgram(module, say, go);
    if (path === undefined) reasons.push(`there is no Go to build it with (${module.folder})`);
    return path;
  } catch (error) {
    reasons.push(messageOf(error));
    return undefined;
  }
}

/** '2.2.0'; undefined where it does not say. */
async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await execa(path, ['version'], { reject: false, timeout: 10_000, stdin: 'ignore' });
  return /\bv(\d+\.\d+\.\d+)/.exec(String(stdout ?? ''))?.[1];
}

async function holds(engine: string, image: string): Promise<boolean> {
  const { exitCode } = await execa(engine, ['image', 'inspect', image], {
    reject: false,
    timeout: 10_000,
    stdin: 'ignore',
  });
  return exitCode === 0;
}

const tagOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1);

function missing(reasons: readonly string[]): FiredrillError {
  return new FiredrillError(
    'PROGRAM_MISSING',
    `k6 ${MAJOR} is needed to send this load, and it is not to be had:
${reasons.map((reason) => `  - ${reason}`).join('\n')}
Get it with one of:
  put Go on PATH (https://go.dev/dl) and run this again: it is built from tools/k6
  go install go.k6.io/k6/v2@v${tagOf(K6_IMAGE)}
  docker pull ${K6_IMAGE}
  ${process.platform === 'darwin' ? 'brew install k6' : 'https://grafana.com/docs/k6/latest/set-up/install-k6'}
Or send the load with the built-in driver: --load arrivals`,
  );
}

/** The words that run it with these arguments; a container is called `name` and sees the checkout and the journey. */
export function commandOf(
  program: K6Program,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { name, journey }: { readonly name: string; readonly journey: string },
): readonly string[] {
  if (program.kind === 'program') return [program.path, ...args];
  const folders = [...new Set([ROOT.replace(/\/$/, ''), dirname(journey)])];
  return [
    program.engine,
    ...['run', '--rm', '--network', 'host', '--name', name, '--label', 'firedrill=k6'],
    // What it reads may be ours alone.
    ...(process.getuid ? ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`] : []),
    ...folders.flatMap((folder) => ['--volume', `${folder}:${folder}:ro`]),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    program.image,
    ...args,
  ];
}
