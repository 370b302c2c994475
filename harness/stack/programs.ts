/**
 * Finds the programs that services need. What is missing is made where that is how it is had, or installed where the
 * distribution has it and we may; otherwise one message names everything that is missing, why, and the command that gets it on this platform.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { FiredrillError } from '../errors.ts';
import { installWithApt } from './apt.ts';
import type { Program } from './service.ts';

export type Located = (program: Program) => string;

/**
 * Locates every program, installing what is missing. `say` is told before anything is installed.
 * Throws PROGRAM_MISSING naming all that could not be had.
 */
export async function locatePrograms(
  programs: readonly Program[],
  say: (line: string) => void,
  install: typeof installWithApt = installWithApt,
): Promise<Located> {
  const made = new Map<string, string>();
  let missing = programs.filter((program) => find(program) === undefined);
  for (const program of missing) {
    const path = await program.make?.(say);
    if (path !== undefined) made.set(program.command, path);
  }
  missing = missing.filter((program) => !made.has(program.command));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => program.packages.apt))].filter(Boolean);
    if (packages.length > 0) await install(packages, say);
    missing = missing.filter((program) => find(program) === undefined);
  }
  if (missing.length > 0) throw missingPrograms(missing);
  return (program) => {
    const path = find(program) ?? made.get(program.command);
    if (path === undefined) throw missingPrograms([program]);
    return path;
  };
}

/** The path of a program on PATH or in its own folders; undefined where there is none. */
export function find(program: Program, path = process.env.PATH ?? ''): string | undefined {
  if (isAbsolute(program.command)) return executable(program.command) ? program.command : undefined;
  const folders = [...path.split(delimiter).filter(Boolean), ...(program.folders ?? []).flatMap(expand)];
  for (const command of [program.command, ...(program.aliases ?? [])]) {
    for (const folder of folders) {
      const candidate = join(folder, command);
      if (executable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** A folder whose version is written as a star becomes every such folder, the highest version first. */
function expand(folder: string): string[] {
  const [before, after] = folder.split('*');
  if (before === undefined || after === undefined) return [folder];
  try {
    const versions = readdirSync(before).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return versions.map((version) => `${before}${version}${after}`);
  } catch {
    return [];
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile(); // folders are executable too
  } catch {
    return false;
  }
}

function missingPrograms(programs: readonly Program[]): FiredrillError {
  const lines = programs.map((program) => `  ${program.command.padEnd(28)} ${program.why}`);
  const names = (manager: keyof Program['packages']) =>
    [...new Set(programs.map((program) => program.packages[manager]))].filter(Boolean).join(' ');
  const packaged =
    process.platform === 'darwin'
      ? [`brew install ${names('brew')}`]
      : [`sudo apt-get install ${names('apt')}    (Debian, Ubuntu)`, `sudo dnf install ${names('dnf')}    (Fedora)`];
  const hints = programs.flatMap(({ command, hint }) => (hint === undefined ? [] : [`${hint}    (${command})`]));
  const commands = [...(programs.some(({ packages }) => packages.apt !== '') ? packaged : []), ...hints];
  return new FiredrillError(
    'PROGRAM_MISSING',
    `these programs are needed and not on PATH:\n${lines.join('\n')}\nInstall them with:\n  ${commands.join('\n  ')}`,
  );
}
