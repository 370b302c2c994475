/** A disk that is full, for the tests of what happens then. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of a few kilobytes, made of memory, over a folder: what is written there fills it for real. */
export interface SmallDisk extends AsyncDisposable {
  grow(size: string): Promise<void>;
}

/** `size` as mount takes it: '64k'. Rejects where this process may not mount. */
export async function smallDisk(folder: string, size: string): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  return {
    grow: async (larger) => void (await run('mount', ['-o', `remount,size=${larger}`, folder])),
    [Symbol.asyncDispose]: async () => void (await run('umount', ['--lazy', folder])),
  };
}

/** Whether this process may mount: root may, unless a container keeps it from it. */
export async function mayMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'mount-'));
  try {
    await (await smallDisk(folder, '4k'))[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
