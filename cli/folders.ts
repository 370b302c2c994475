/** Where a run leaves what it leaves: <out>/<scenario>/<time>/, and <out>/latest pointing at the newest. */
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { FiredrillError, messageOf } from '../harness/errors.ts';

/** Makes the folder, under a name nobody else has taken. Throws OUTPUT_UNWRITABLE. */
export async function createRunFolder(out: string, id: string, now = new Date()): Promise<string> {
  const parent = resolve(out, id);
  const time = now
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(':', '-');
  try {
    await mkdir(parent, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const folder = join(parent, attempt === 1 ? time : `${time}-${attempt}`);
      try {
        await mkdir(folder);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt >= 100) throw error;
      }
    }
  } catch (error) {
    throw new FiredrillError(
      'OUTPUT_UNWRITABLE',
      `${parent} cannot be written: ${messageOf(error)}. Choose another folder with --out.`,
      { cause: error },
    );
  }
}

/** Replaces the link in one step, so that two runs ending at once leave a whole one. Best effort: only a convenience. */
export async function pointLatestAt(out: string, folder: string): Promise<void> {
  const link = resolve(out, 'latest');
  const temporary = `${link}.${process.pid}.tmp`;
  try {
    await rm(temporary, { force: true });
    await symlink(relative(dirname(link), folder), temporary);
    await rename(temporary, link);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
