import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { find, locatePrograms } from './programs.ts';
import type { Program } from './service.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const program = (over: Partial<Program> = {}): Program => ({
  command: 'promethium',
  why: 'scrapes',
  packages: { apt: 'promethium-server', dnf: 'promethium', brew: 'promethium' },
  ...over,
});
const put = async (path: string, mode = 0o755) => {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, mode);
  return file;
};

describe('finding a program', () => {
  it('looks along PATH in its order', async () => {
    const [first] = [await put('a/promethium'), await put('b/promethium')];
    expect(find(program(), ['/nowhere', join(folder, 'a'), join(folder, 'b')].join(delimiter))).toBe(first);
  });

  it('passes over files that cannot be executed, and folders', async () => {
    await put('a/promethium', 0o644);
    await mkdir(join(folder, 'b', 'promethium'), { recursive: true });
    expect(find(program(), [join(folder, 'a'), join(folder, 'b')].join(delimiter))).toBeUndefined();
  });

  it('takes a name the distribution gave it when its own is not there', async () => {
    const alias = await put('a/debian-promethium');
    const named = program({ aliases: ['debian-promethium'] });
    expect(find(named, join(folder, 'a'))).toBe(alias);
    const own = await put('b/promethium');
    expect(find(named, [join(folder, 'a'), join(folder, 'b')].join(delimiter))).toBe(own);
  });

  it('looks into its own folders, the highest version first', async () => {
    await put('lib/9/bin/promethium');
    const newest = await put('lib/15/bin/promethium');
    expect(find(program({ folders: [`${folder}/lib/*/bin`] }), '')).toBe(newest);
    expect(find(program({ folders: [`${folder}/none/*/bin`, `${folder}/lib/9/bin`] }), '')).toBe(
      join(folder, 'lib/9/bin/promethium'),
    );
  });

  it('takes an absolute path as it is', async () => {
    expect(find(program({ command: process.execPath }), '')).toBe(process.execPath);
    expect(find(program({ command: '/nowhere/promethium' }), '')).toBeUndefined();
  });
});

describe('locating programs', () => {
  it('installs what is missing, once, and finds it then', async () => {
    vi.stubEnv('PATH', folder);
    const installed: (readonly string[])[] = [];
    const install = async (packages: readonly string[]) => {
      installed.push(packages);
      await put('promethium');
      await put('promethium-tool');
    };
    const tool = program({ command: 'promethium-tool' });
    const located = await locatePrograms([program(), tool], () => {}, install);
    expect(installed).toEqual([['promethium-server']]);
    expect(located(program())).toBe(join(folder, 'promethium'));
  });

  it('installs nothing when everything is there, nor what no package has', async () => {
    vi.stubEnv('PATH', folder);
    await put('promethium');
    const install = () => Promise.reject(new Error('installs nothing'));
    await locatePrograms([program()], () => {}, install);
    const own = program({ command: 'own', packages: { apt: '', dnf: '', brew: '' } });
    await expect(locatePrograms([own], () => {}, install)).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
  });

  it('makes what is made and not installed, unless it is there already', async () => {
    vi.stubEnv('PATH', folder);
    const none = { apt: '', dnf: '', brew: '' };
    const make = vi.fn(async () => put('built/own-1'));
    const own = program({ command: 'own', packages: none, make, hint: 'put a compiler on PATH' });
    const install = () => Promise.reject(new Error('installs nothing'));
    const located = await locatePrograms([own], () => {}, install);
    expect(located(own)).toBe(join(folder, 'built/own-1'));
    const onPath = await put('own');
    expect((await locatePrograms([own], () => {}, install))(own)).toBe(onPath);
    expect(make).toHaveBeenCalledTimes(1);

    const cannot = { ...own, command: 'other', make: () => Promise.resolve(undefined) };
    await expect(locatePrograms([cannot], () => {}, install)).rejects.toThrow(
      /other +scrapes\nInstall them with:\n {2}put a compiler on PATH {4}\(other\)$/,
    );
  });

  it.runIf(process.platform === 'linux')('names all that is missing, why, and the commands that get it', async () => {
    vi.stubEnv('PATH', folder);
    const redis = program({
      command: 'rediss',
      why: 'locks',
      packages: { apt: 'redis', dnf: 'redis6', brew: 'redis' },
    });
    const missing = locatePrograms(
      [program(), redis],
      () => {},
      () => Promise.resolve(),
    );
    await expect(missing).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
    await expect(missing).rejects.toThrow(
      `these programs are needed and not on PATH:
  promethium                   scrapes
  rediss                       locks
Install them with:
  sudo apt-get install promethium-server redis    (Debian, Ubuntu)
  sudo dnf install promethium redis6    (Fedora)`,
    );
  });

  it('says so when a program goes away afterwards, or was never asked for', async () => {
    vi.stubEnv('PATH', folder);
    const located = await locatePrograms([], () => {});
    expect(() => located(program())).toThrow(expect.objectContaining({ code: 'PROGRAM_MISSING' }));
  });
});
