/** Whose a stack is: what a run leaves when it is killed outright is swept by the next, and what lives is left alone. */
import { readFile } from 'node:fs/promises';

export interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks, so that a pid used again is not taken for its owner; '' off Linux. */
  readonly started: string;
}

export async function ourselves(): Promise<Owner> {
  return { pid: process.pid, started: (await startTime(process.pid)) ?? '' };
}

/** Whether the process that made a stack still runs. */
export async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return owner.started === '' || (await startTime(owner.pid)) === owner.started;
}

async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
