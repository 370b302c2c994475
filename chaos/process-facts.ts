/** What the operating system says about a process. From /proc; where there is none (macOS), from ps. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

const hasProc = process.platform === 'linux';

/** Its state as one letter (R, S, D, T, Z …); undefined where there is no such process. */
export async function stateOf(pid: number): Promise<string | undefined> {
  if (!hasProc) return (await ps(pid, 'state'))?.charAt(0);
  const stat = await procFile(pid, 'stat');
  // pid (command) state …; the command may hold anything, so the last parenthesis counts.
  return stat?.slice(stat.lastIndexOf(')') + 2).charAt(0);
}

/** Whether it runs no more; a zombie, dead and not yet waited for, is gone. */
export async function isGone(pid: number): Promise<boolean> {
  const state = await stateOf(pid);
  return state === undefined || state === 'Z' || state === 'X';
}

/** Resident memory in bytes; undefined where there is no such process. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (!hasProc) {
    const kibibytes = await ps(pid, 'rss');
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  }
  const match = /^VmRSS:\s*(\d+) kB$/m.exec((await procFile(pid, 'status')) ?? '');
  return match ? Number(match[1]) * 1024 : undefined;
}

/** Linux counts processor time in ticks of a hundredth of a second (USER_HZ), whatever the kernel's own rate. */
const TICK_MS = 10;

/** Processor time it has used, user and system, in milliseconds; undefined where there is no such process. */
export async function processorMs(pid: number): Promise<number | undefined> {
  if (!hasProc) {
    // [[days-]hours:]minutes:seconds.hundredths
    const parts = (await ps(pid, 'time'))?.split(/[-:]/).map(Number).reverse();
    const units = [1_000, 60_000, 3_600_000, 86_400_000];
    return parts?.reduce((sum, part, index) => sum + part * (units[index] ?? 0), 0);
  }
  const stat = await procFile(pid, 'stat');
  // utime and stime are fields 14 and 15; the first after the command is field 3.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The environment it was started with, 'NAME=value' each; empty where there is no such process. */
export async function environmentOf(pid: number): Promise<ReadonlySet<string>> {
  if (!hasProc) return new Set((await ps(pid, 'command', 'e'))?.split(' ') ?? []);
  return new Set((await procFile(pid, 'environ'))?.split('\0') ?? []);
}

async function procFile(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

async function ps(pid: number, field: string, ...flags: string[]): Promise<string | undefined> {
  const result = await execa('ps', [...flags, '-ww', '-o', `${field}=`, '-p', String(pid)], { reject: false });
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}
