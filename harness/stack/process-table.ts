/** What the operating system says of a process. From /proc; where there is none (macOS), from ps. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Its state as one letter (R, S, D, T, Z …); undefined where there is no such process. */
export async function processState(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const result = await execa('ps', ['-o', 'state=', '-p', String(pid)], { reject: false });
    return result.exitCode === 0 ? result.stdout.trim().charAt(0) : undefined;
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // pid (command) state …; the command may hold anything, so the last parenthesis counts.
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return undefined;
  }
}

/** A zombie, dead and not yet waited for, is gone. */
export const isGone = (state: string | undefined): boolean => state === undefined || state === 'Z' || state === 'X';
