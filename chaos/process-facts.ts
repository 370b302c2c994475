/**
 * What the operating system says about a service's main process, asked where the service runs. From /proc; where there is
 * none (macOS), from ps.
 */
import type { RunningService } from '../harness/stack/service.ts';

/** Resident memory in bytes; undefined where it does not run. */
export async function residentBytes(service: RunningService): Promise<number | undefined> {
  const status = await procFile(service, 'status');
  if (status !== undefined) {
    const match = /^VmRSS:\s*(\d+) kB$/m.exec(status);
    return match ? Number(match[1]) * 1024 : undefined;
  }
  const kibibytes = await ps(service, 'rss');
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Linux counts processor time in ticks of a hundredth of a second (USER_HZ), whatever the kernel's own rate. */
const TICK_MS = 10;

/** Processor time it has used, user and system, in milliseconds; undefined where it does not run. */
export async function processorMs(service: RunningService): Promise<number | undefined> {
  const stat = await procFile(service, 'stat');
  if (stat !== undefined) {
    // utime and stime are fields 14 and 15; the first after the command, which may hold anything, is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }
  // [[days-]hours:]minutes:seconds.hundredths
  const parts = (await ps(service, 'time'))?.split(/[-:]/).map(Number).reverse();
  const units = [1_000, 60_000, 3_600_000, 86_400_000];
  return parts?.reduce((sum, part, index) => sum + part * (units[index] ?? 0), 0);
}

/** The environment it was started with, 'NAME=value' each; empty where it does not run. */
export async function environmentOf(service: RunningService): Promise<ReadonlySet<string>> {
  const environ = await procFile(service, 'environ');
  if (environ !== undefined) return new Set(environ.split('\0'));
  return new Set((await ps(service, 'command', 'e'))?.split(' ') ?? []);
}

async function procFile(service: RunningService, name: string): Promise<string | undefined> {
  const { instance } = service;
  return instance && (await service.exec('cat', [`/proc/${instance.pid}/${name}`]).catch(() => undefined));
}

async function ps(service: RunningService, field: string, ...flags: string[]): Promise<string | undefined> {
  const { instance } = service;
  if (instance === undefined) return undefined;
  const args = [...flags, '-ww', '-o', `${field}=`, '-p', String(instance.pid)];
  return (await service.exec('ps', args).catch(() => '')).trim() || undefined;
}
