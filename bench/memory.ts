/** What the whole stack occupies while a scenario runs, sampled from the kernel's books. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { median } from './statistics.ts';
import { memoryOfTree, type ProcessMemory } from './usage.ts';

const SCENARIO = 'flash-sale/pool-exhausted';
const EVERY_MS = 1_000;
const MB = 1e6;

export const memory: Benchmark = {
  name: 'memory',
  summary: `proportional set size of every process of ${SCENARIO}, once a second`,
  async measure({ runs, say }) {
    say(`${SCENARIO}, watched`);
    const samples: (readonly Share[])[] = [];
    const over = new AbortController();
    let watching: Promise<void> = Promise.resolve();
    try {
      // Its journal is as good as any; how long it took is not: it was watched.
      await runs.fresh(SCENARIO, (pid) => {
        watching = sample(pid, samples, over.signal);
      });
    } finally {
      over.abort();
      await watching;
    }
    const whole = complete(samples);
    const total = (shares: readonly Share[], which: (share: Share) => boolean) =>
      shares.filter(which).reduce((sum, { bytes }) => sum + bytes, 0) / MB;
    const services = whole.map((shares) => total(shares, ({ name }) => name !== HARNESS));
    const peak = whole[services.indexOf(Math.max(...services))] ?? [];
    return [
      {
        name: 'stack, once a second',
        unit: 'MB',
        values: services,
        aim: { is: 'under', value: 700, ifMissed: 'The next line says whose it is.' },
      },
      {
        name: 'stack, at its peak',
        unit: 'MB',
        values: [Math.max(...services)],
        note: peak
          .filter(({ name }) => name !== HARNESS)
          .toSorted((a, b) => b.bytes - a.bytes)
          .map(({ name, bytes, processes }) => `${name} ${Math.round(bytes / MB)} (${processes})`)
          .join(', ')
          .concat(', in MB, with the number of processes.'),
      },
      {
        name: 'harness and its load, beside it',
        unit: 'MB',
        values: whole.map((shares) => total(shares, ({ name }) => name === HARNESS)),
        note: `${whole.length} samples; ${Math.round(median(whole.map((shares) => shares.reduce((n, { processes }) => n + processes, 0))))} processes.`,
      },
    ];
  },
};

/** One service, or the harness: its process and everything below it. */
interface Share {
  readonly name: string;
  readonly bytes: number;
  readonly processes: number;
}

const HARNESS = 'harness';

/** The samples in which everything was up that is up most of the time: neither boot nor teardown. */
export function complete<T extends { readonly name: string }>(samples: readonly (readonly T[])[]): (readonly T[])[] {
  const has = (shares: readonly T[], wanted: string) => shares.some(({ name }) => name === wanted);
  const names = [...new Set(samples.flatMap((shares) => shares.map(({ name }) => name)))];
  const usual = names.filter((name) => samples.filter((shares) => has(shares, name)).length > samples.length / 2);
  return samples.filter((shares) => usual.every((name) => has(shares, name)));
}

async function sample(root: number, samples: (readonly Share[])[], over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const shares = sharesOf(root, await memoryOfTree(root));
    if (shares.length > 0) samples.push(shares);
    await sleep(EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Processes of a tree put together under those that the root started. */
export function sharesOf(root: number, processes: readonly ProcessMemory[]): Share[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const ownerOf = (process: ProcessMemory): ProcessMemory => {
    const parent = process.parent === root ? undefined : byPid.get(process.parent);
    return parent === undefined ? process : ownerOf(parent);
  };
  const groups = Map.groupBy(processes, (process) => ownerOf(process).pid);
  return [...groups].map(([pid, group]) => ({
    name: pid === root ? HARNESS : nameOf(byPid.get(pid)?.command ?? ''),
    bytes: group.reduce((sum, { pss }) => sum + pss, 0),
    processes: group.length,
  }));
}

/** Node calls its main thread MainThread, and the kernel keeps 15 characters. */
function nameOf(command: string): string {
  if (command === 'MainThread' || command === 'node') return 'flash-sale';
  if (command.startsWith('prometheus-aler')) return 'alertmanager';
  if (command.startsWith('prometheus-blac')) return 'blackbox';
  return command;
}
