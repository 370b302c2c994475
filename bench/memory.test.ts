import { expect, it } from 'vitest';
import { complete, sharesOf } from './memory.ts';
import { memoryOfTree } from './usage.ts';

const process_ = (pid: number, parent: number, command: string, pss: number) => ({ pid, parent, command, pss });

it('counts the children of a service with it, and the harness for itself', () => {
  const shares = sharesOf(10, [
    process_(10, 1, 'MainThread', 100),
    process_(11, 10, 'postgres', 30),
    process_(12, 11, 'postgres', 4),
    process_(13, 12, 'postgres', 1),
    process_(14, 10, 'prometheus-aler', 20),
  ]);
  expect(shares).toEqual([
    { name: 'harness', bytes: 100, processes: 1 },
    { name: 'postgres', bytes: 35, processes: 3 },
    { name: 'alertmanager', bytes: 20, processes: 1 },
  ]);
});

it('reads a real tree of processes from the kernel', async () => {
  const [own] = await memoryOfTree(process.pid);
  expect(own).toMatchObject({ pid: process.pid, parent: process.ppid });
  expect(own?.pss).toBeGreaterThan(1e6);
});

it('leaves out samples of a boot or a teardown, and takes no passing helper for a part of the stack', () => {
  const sample = (...names: string[]) => names.map((name) => ({ name }));
  const up = sample('harness', 'postgres', 'prometheus');
  expect(complete([sample('harness', 'initdb'), up, up, up, sample('harness', 'postgres')])).toEqual([up, up, up]);
});
