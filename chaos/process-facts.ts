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
