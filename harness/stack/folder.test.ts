import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStackFolder, removeStackFolder, sweepStackFolders } from './folder.ts';

/** Of its own, so that the folders of other runs on this machine are neither seen nor swept. */
let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'folder-test-'));
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const folderOf = async (name: string, owner?: string) => {
  const folder = join(temporary, name);
  await mkdir(join(folder, 'postgres', 'data'), { recursive: true });
  if (owner !== undefined) await writeFile(join(folder, 'owner.json'), owner);
  return folder;
};
/** The id of a process that has ended. */
const ended = async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', 'console.log(process.pid)']);
  return Number(stdout);
};

describe('the folder of a stack', () => {
  it('can be entered by the accounts of services, and says whose it is', async () => {
    const folder = await createStackFolder();
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
    expect(JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid });
    await removeStackFolder(folder);
    expect(await exists(folder)).toBe(false);
  });

  it('is removed although it is gone already', async () => {
    await removeStackFolder(join(temporary, 'firedrill-gone'));
  });

  it('is one of its own for each run', async () => {
    expect(await createStackFolder()).not.toBe(await createStackFolder());
  });
});

describe('sweeping', () => {
  it('removes the folder of a run that is no longer alive', async () => {
    const folder = await folderOf('firedrill-dead', JSON.stringify({ pid: await ended(), started: '1' }));
    expect(await sweepStackFolders()).toBe(1);
    expect(await exists(folder)).toBe(false);
  });

  it('keeps the folder of a living run', async () => {
    const folder = await createStackFolder();
    expect(await sweepStackFolders()).toBe(0);
    expect(await exists(folder)).toBe(true);
  });

  it.runIf(process.platform === 'linux')(
    'removes the folder of a dead run whose pid another process has now',
    async () => {
      const folder = await folderOf('firedrill-reused', JSON.stringify({ pid: process.pid, started: '1' }));
      expect(await sweepStackFolders()).toBe(1);
      expect(await exists(folder)).toBe(false);
    },
  );

  it.each([
    ['firedrill-being-made', undefined],
    ['firedrill-not-ours', 'hello'],
    ['another-program', '{"pid":1,"started":"0"}'],
  ])('leaves %s alone', async (name, owner) => {
    const folder = await folderOf(name, owner);
    expect(await sweepStackFolders()).toBe(0);
    expect(await readdir(folder)).toContain('postgres');
  });
});
