/**
 * The images of a run: official ones by name and version, each replaceable, all of them behind a prefix for registries
 * that mirror them; and those built from a Dockerfile of ours, whose tag is a digest of what goes into them.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FiredrillError, messageOf } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { BuiltImage, ServiceDescription } from './service.ts';

export interface ImageChoice {
  /** 'registry.example/mirror': put before every official name. */
  readonly prefix?: string;
  /** By the service's name, used as they are. */
  readonly overrides: Readonly<Record<string, string>>;
}

const ANSWER_WITHIN_MS = 5_000;

/** What a service's image is called; of a built one without its tag. undefined where it has none. */
export function imageOf({ name, container }: ServiceDescription, choice: ImageChoice): string | BuiltImage | undefined {
  const override = choice.overrides[name];
  if (override !== undefined) return override;
  if (container === undefined) return undefined;
  const { image } = container;
  return typeof image === 'string' ? prefixed(image, choice) : { ...image, base: prefixed(image.base, choice) };
}

const prefixed = (image: string, { prefix }: ImageChoice): string =>
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
      `the image ${name} is not here and cannot be pulled: ${messageOf(cause)}. Where no registry is reachable, name a mirror with --image-prefix, another image with --image <service>=<image>, or make stand-ins with npm run images.`,
      { cause },
    );
  }
}

async function build(engine: Engine, image: BuiltImage, say: (line: string) => void): Promise<string> {
  const { context, dockerfile, base, sources } = image;
  const tag = `${image.name}:${await digestOf(image)}`;
  if (await holds(engine, tag)) return tag;
  await pull(engine, base, say);
  say(`Building ${tag} ...`);
  const { dockerode } = engine.container;
  // File by file: of a folder, the engine's client asks .dockerignore with absolute paths, and finds all of it ignored.
  const files = (await Promise.all([...sources, dockerfile].map(filesBelow))).flat();
  const src = [...new Set(files.map((path) => relative(context, path)))];
  try {
    const stream = await dockerode.buildImage(
      { context, src },
      { t: tag, dockerfile: relative(context, dockerfile), buildargs: { BASE: base }, forcerm: true },
    );
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
    return tag;
  } catch (cause) {
    throw new FiredrillError('IMAGE_MISSING', `${tag} could not be built from ${dockerfile}: ${messageOf(cause)}`, {
      cause,
    });
  }
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

/** Of the base's name and every file that goes in. */
async function digestOf({ sources, dockerfile, base }: BuiltImage): Promise<string> {
  const hash = createHash('sha256').update(base);
  for (const source of [...sources, dockerfile]) {
    for (const file of await filesBelow(source))
      hash.update(`\0${relative(source, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 12);
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
