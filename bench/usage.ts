/** What processes use, from /proc: processor time of children that have ended, and memory of a tree of processes. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second wherever Node runs (USER_HZ). */
const MS_PER_TICK = 10;

/**
 * User and system time in ms of all children of a process (ours, by default) that have ended so far; its growth over the end
 * of one is what that one used, to a hundredth of a second.
 */
export async function endedChildrenCpu(pid: number | 'self' = 'self'): Promise<number> {
  const fields = await statFields(String(pid));
  return (Number(fields?.[13]) + Number(fields?.[14])) * MS_PER_TICK;
}

/** User and system time in ms of a process that lives, to a hundredth of a second; 0 where it has ended. */
export function cpuOf(pid: number): number {
  try {
    const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return 0;
  }
}

/** From now on, peakOf() tells of what comes. */
export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5');

/** The greatest resident set of a process since it started, or since forgetPeak(), in bytes. Throws where it has ended. */
export async function peakOf(pid: number): Promise<number> {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

export interface ProcessMemory {
  readonly pid: number;
  readonly parent: number;
  /** The program's name, as the kernel keeps it: 15 characters. */
  readonly command: string;
  /**
   * Proportional set size in bytes: a page that n processes share counts an nth in each, so that the sum over processes
   * is what they really occupy. The resident set would count Postgres' shared buffers once for each connection.
   */
  readonly pss: number;
}

/** The process and everything below it; processes that end meanwhile are left out. */
export async function memoryOfTree(root: number): Promise<ProcessMemory[]> {
  const entries = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(parentOf));
  const known = entries.filter((entry) => entry !== undefined);
  const tree = new Set([root]);
  // Parents can have higher numbers than their children once the kernel has been round: repeat until nothing is new.
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of known) if (tree.has(parent)) tree.add(pid);
  }
  const memory = await Promise.all(known.filter(({ pid }) => tree.has(pid)).map(withMemory));
  return memory.filter((entry) => entry !== undefined);
}

interface Parentage {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

async function parentOf(pid: string): Promise<Parentage | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  return {
    pid: Number(pid),
    parent: Number(stat.slice(close + 2).split(' ')[1]),
    command: stat.slice(open + 1, close),
  };
}

async function withMemory(entry: Parentage): Promise<ProcessMemory | undefined> {
  const rollup = await readFile(`/proc/${entry.pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  return kilobytes === undefined ? undefined : { ...entry, pss: Number(kilobytes) * 1024 };
}

/** The fields of /proc/<pid>/stat after the command's name, from the state on (proc(5) calls that one field 3). */
async function statFields(pid: string): Promise<string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? undefined : afterName(stat);
}

const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
