import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRunFolder, pointLatestAt } from './folders.ts';

let out: string;
beforeEach(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'folders-test-')), 'out');
});
afterEach(() => rm(join(out, '..'), { recursive: true, force: true }));
const NOON = new Date('2026-03-01T12:00:00.500Z');
const create = () => createRunFolder(out, 'flash-sale/quiet', NOON);

describe('the folder of a run', () => {
  it('is named after the scenario and the time, without what file systems refuse', async () => {
    expect(await create()).toBe(join(out, 'flash-sale', 'quiet', '2026-03-01T12-00-00'));
  });

  it('is one of its own for runs that start in the same second', async () => {
    const folders = await Promise.all(Array.from({ length: 5 }, create));
    expect(new Set(folders).size).toBe(5);
    expect((await readdir(join(out, 'flash-sale', 'quiet'))).sort()).toEqual([
      '2026-03-01T12-00-00',
      '2026-03-01T12-00-00-2',
      '2026-03-01T12-00-00-3',
      '2026-03-01T12-00-00-4',
      '2026-03-01T12-00-00-5',
    ]);
  });

  it('that cannot be made is refused, with the place, the reason and what to do', async () => {
    await writeFile(out, 'a file where a folder should be');
    const parent = join(out, 'flash-sale', 'quiet');
    await expect(create()).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringMatching(`^${parent} cannot be written: ENOTDIR.* Choose another folder with --out\\.$`),
    });
  });
});

describe('the link to the newest run', () => {
  it('points at it wherever the folder is moved, and later at the next', async () => {
    const folder = await create();
    await pointLatestAt(out, folder);
    expect(await readlink(join(out, 'latest'))).toBe(join('flash-sale', 'quiet', '2026-03-01T12-00-00'));
    const next = await create();
    await writeFile(join(next, 'run.json'), '{}');
    await pointLatestAt(out, next);
    expect(await readFile(join(out, 'latest', 'run.json'), 'utf8')).toBe('{}');
    expect((await readdir(out)).sort()).toEqual(['flash-sale', 'latest']);
  });

  it('is whole when runs end at once', async () => {
    const folders = await Promise.all([create(), create(), create()]);
    await Promise.all(folders.map((folder) => pointLatestAt(out, folder)));
    expect(folders).toContain(join(out, await readlink(join(out, 'latest'))));
    expect((await readdir(out)).sort()).toEqual(['flash-sale', 'latest']);
  });

  it('is left out where something else has its name: it is only a convenience', async () => {
    const folder = await create();
    await mkdir(join(out, 'latest', 'mine'), { recursive: true });
    await pointLatestAt(out, folder);
    expect(await readdir(join(out, 'latest'))).toEqual(['mine']);
    expect((await readdir(out)).sort()).toEqual(['flash-sale', 'latest']);
  });
});
