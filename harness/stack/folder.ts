/**
 * The stack's working folder: data directories and configuration of one run, outside the checkout because services that
 * refuse root run as another account. A run that was killed outright leaves its folder; the next start sweeps it away.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive, type Owner, ourselves } from './owner.ts';

const PREFIX = 'firedrill-';
const OWNER = 'owner.json';

export async function createStackFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  await chmod(folder, 0o755);
  await writeFile(join(folder, OWNER), JSON.stringify(await ourselves()));
  return folder;
}

/** Removes the folders of runs that are no longer alive, as far as they are ours to remove; resolves with how many. */
export async function sweepStackFolders(): Promise<number> {
  let swept = 0;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const owner = await readOwner(folder);
    if (owner === undefined || (await isAlive(owner))) continue;
    const removed = await removeStackFolder(folder).then(
      () => true,
      () => false, // another user's: theirs to sweep
    );
    if (removed) swept += 1;
  }
  return swept;
}

export async function removeStackFolder(folder: string): Promise<void> {
  await releaseSharedMemory(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, OWNER), 'utf8')) as Owner;
  } catch {
    return undefined; // being created by another run, or not ours
  }
}

/**
 * A Postgres that was killed outright leaves a 56-byte System V segment; the seventh line of its postmaster.pid names it
 * (key and id). Without ipcrm it stays until the machine restarts.
 */
async function releaseSharedMemory(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    const lock = await readFile(join(folder, entry.name, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
    const id = lock.split('\n')[6]?.trim().split(/\s+/)[1];
    if (id) await promisify(execFile)('ipcrm', ['-m', id]).catch(() => undefined);
  }
}
