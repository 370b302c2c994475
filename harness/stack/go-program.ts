/**
 * Programs that no distribution packages and that are Go modules: built from a pinned go.mod of ours, once, into a folder
 * that git ignores. What was built is found by the content of go.mod and go.sum, so a new pin is a new program.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { FiredrillError } from '../errors.ts';
import { find } from './programs.ts';
import type { Program } from './service.ts';

export interface GoProgram {
  readonly command: string;
  /** The package with its main function: 'go.k6.io/k6/v2'. */
  readonly package: string;
  /** Holds the go.mod that pins it. */
  readonly folder: string;
  /** How long a first build may take, for the person who waits: 'one to three minutes'. */
  readonly takes: string;
}

const GO: Program = {
  command: 'go',
  why: 'builds programs that come as Go modules',
  packages: { apt: 'golang-go', dnf: 'golang', brew: 'go' },
  folders: ['/usr/local/go/bin', '/usr/lib/go-*/bin'],
};
const LAST_LINES = 8;

/** Where the pinned version was built; undefined where it was not, or not for this pin. */
export async function findBuilt(program: GoProgram): Promise<string | undefined> {
  const path = await builtPath(program);
  return find({ command: path, why: '', packages: GO.packages });
}

/**
 * Builds it and returns its path; undefined where there is no Go. `say` is told before it begins.
 * Throws PROGRAM_MISSING with the compiler's last lines where the build fails.
 */
export async function buildGoProgram(program: GoProgram, say: (line: string) => void): Promise<string | undefined> {
  const go = find(GO);
  if (go === undefined) return undefined;
  const path = await builtPath(program);
  say(`Building ${program.command} from ${program.package} with Go, once for this checkout: ${program.takes}.`);
  await mkdir(join(program.folder, 'bin'), { recursive: true });
  // Another run may be building the same: each under its own name, and the last rename wins.
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    const build = await execa(
      go,
      [
        'build',
        '-C',
        program.folder,
        '-trimpath',
        '-buildvcs=false',
        '-ldflags=-s -w',
        '-o',
        unfinished,
        program.package,
      ],
      { reject: false, all: true, stdin: 'ignore', env: { CGO_ENABLED: '0' } },
    );
    if (build.failed) {
      const lines = (build.all || build.shortMessage || '').trimEnd().split('\n').slice(-LAST_LINES);
      throw new FiredrillError(
        'PROGRAM_MISSING',
        `${program.command} could not be built from ${program.folder}:\n${lines.join('\n').replace(/^/gm, '  | ')}`,
      );
    }
    await rename(unfinished, path);
    return path;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function builtPath({ folder, command }: GoProgram): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(folder, file)));
  return join(folder, 'bin', `${command}-${hash.digest('hex').slice(0, 16)}`);
}
