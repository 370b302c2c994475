/** What the figures were measured on; without it they mean nothing. */
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  /** Runnable processes on average over the minute before; above 0 somebody else was at work. */
  readonly loadBefore: number;
}

export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGB: Math.round(totalmem() / 1e9),
  system: `${platform()} ${release()}`,
  node: process.version,
  loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

export const describeMachine = ({ cpu, cores, memoryGB, system, node, loadBefore }: Machine): string =>
  `${cores} cores (${cpu}), ${memoryGB} GB, ${system}, Node ${node}; load before: ${loadBefore}`;
