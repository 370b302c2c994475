/**
 * The images of a run: official ones by name and version, each replaceable, all of them behind a prefix for registries
 * that mirror them; and those built from a Dockerfile of ours, whose tag is a digest of what goes into them.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FiredrillError, messageOf } from '../errors.ts';
import { archiveOf } from './archive.ts';
import type { Engine } from './engine.ts';
import type { BuiltImage, ServiceDescription } from './service.ts';

export interface ImageChoice {
  /** 'registry.example/mirror': put before every official name. */
  readonly prefix?: string;
  /** By the service's name, used as they are. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** What the environment says of images, for what has no command line of its own: tests and benchmarks. */
export function imagesOfEnvironment({ FIREDRILL_IMAGE_PREFIX: prefix }: NodeJS.ProcessEnv = process.env): ImageChoice {
  return { overrides: {}, ...(prefix ? { prefix } : {}) };
}

const ANSWER_WITHIN_MS = 5_000;
const LAST_LINES = 12;

/** What a service's image is called; of a built one without its tag. undefined where it has none. */
export function imageOf({ name, container }: ServiceDescription, choice: ImageChoice): string | BuiltImage | undefined {
  const override = choice.overrides[name];
  if (override !== undefined) return override;
  if (container === undefined) return undefined;
  const { image } = container;
  return typeof image === 'string' ? prefixed(image, choice) : { ...image, base: prefixed(image.base, choice) };
}

/** 'redis:8' → 'registry.example/mirror/redis:8' */
export const prefixed = (image: string, { prefix }: ImageChoice): string =>
  prefix ? `${prefix.replace(/\/+$/, '')}/${image}` : image;

/** Those official images that the engine neither holds nor can get. */
export async function unobtainable(engine: Engine, images: readonly (string | BuiltImage)[]): Promise<string[]> {
  const names = [...new Set(images.map((image) => (typeof image === 'string' ? image : image.base)))];
  const found = await Promise.all(
    names.map(async (name) => (await holds(engine, name)) || (await offered(engine, name))),
  );
  return names.filter((_, index) => !found[index]);
}

/**
 * Pulls or builds what is missing, saying so first; resolves with the name to start it by.
 * Throws IMAGE_MISSING naming the image and what the engine said.
 */
export async function obtain(engine: Engine, image: string | BuiltImage, say: (line: string) => void): Promise<string> {
  return typeof image === 'string' ? pull(engine, image, say) : build(engine, image, say);
}

async function pull(engine: Engine, name: string, say: (line: string) => void): Promise<string> {
  if (await holds(engine, name)) return name;
  say(`Pulling ${name} ...`);
  const { ImageName } = await import('testcontainers');
  try {
    await engine.image.pull(ImageName.fromString(name));
    // A pull that breaks off half-way ends without an error.
    await engine.container.dockerode.getImage(name).inspect();
    return name;
  } catch (cause) {
    throw new FiredrillError(
      'IMAGE_MISSING',
      `the image ${name} is not here and cannot be pulled: ${messageOf(cause).trim()}. Where no registry is reachable, name a mirror with --image-prefix, another image with --image <service>=<image>, or make stand-ins with npm run images.`,
      { cause },
    );
  }
}

async function build(engine: Engine, image: BuiltImage, say: (line: string) => void): Promise<string> {
  const { context, dockerfile, base } = image;
  const files = await filesOf(image);
  const tag = `${image.name}:${digestOf(base, files)}`;
  if (await holds(engine, tag)) return tag;
  await pull(engine, base, say);
  say(`Building ${tag} ...`);
  const { dockerode } = engine.container;
  try {
    const stream = await dockerode.buildImage(archiveOf(files), {
      t: tag,
      dockerfile: relative(context, dockerfile),
      buildargs: { BASE: base },
      forcerm: true,
    });
    await finished(dockerode, stream);
    return tag;
  } catch (cause) {
    throw new FiredrillError('IMAGE_MISSING', `${tag} could not be built from ${dockerfile}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

interface BuildStep {
  readonly stream?: string;
  readonly error?: string;
}

/** A step that fails ends the stream like one that succeeds; what it printed before is in the message. */
async function finished(dockerode: Engine['container']['dockerode'], stream: NodeJS.ReadableStream): Promise<void> {
  const steps = await new Promise<readonly BuildStep[]>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error, output: BuildStep[]) => (error ? reject(error) : resolve(output)));
  });
  const failed = steps.find(({ error }) => error !== undefined);
  if (failed === undefined) return;
  const printed = steps.map((step) => step.stream ?? '').join('');
  const last = printed.trimEnd().split('\n').slice(-LAST_LINES).join('\n').replace(/^/gm, '  | ');
  throw new Error(`${failed.error}\n${last}`);
}

async function holds(engine: Engine, name: string): Promise<boolean> {
  return engine.container.dockerode
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/** Whether the registry has it, as far as the engine can tell within a moment. */
async function offered(engine: Engine, name: string): Promise<boolean> {
  const answer = engine.container.dockerode.getImage(name).distribution();
  const late = new Promise<never>((_, reject) => setTimeout(reject, ANSWER_WITHIN_MS, new Error('no answer')).unref());
  return Promise.race([answer, late]).then(
    () => true,
    () => false,
  );
}

/** Everything the image is built from, by its path in the project. */
async function filesOf({ context, dockerfile, sources }: BuiltImage): Promise<ReadonlyMap<string, Buffer>> {
  const paths = await Promise.all([...sources, dockerfile].map(filesBelow));
  const unique = [...new Set(paths.flat())];
  return new Map(
    await Promise.all(unique.map(async (path) => [relative(context, path), await readFile(path)] as const)),
  );
}

function digestOf(base: string, files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256').update(base);
  for (const [path, content] of files) hash.update(`\0${path}\0`).update(content);
  return hash.digest('hex').slice(0, 12);
}

/** Without tests: they are no part of what is deployed. */
async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
