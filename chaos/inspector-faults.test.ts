import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningService, Stack } from '../harness/stack/service.ts';
import { blockEventLoop, killService, leakMemory } from './index.ts';
import { inspect } from './inspector.ts';
import { residentBytes } from './process-facts.ts';
import { app, forgetLog, greeting, inject, testStack } from './testing.ts';

const MIB = 1024 ** 2;
let stack: Stack;
let service: RunningService;
beforeAll(async () => {
  stack = await testStack([app]);
  service = stack.service('app');
});
afterAll(() => stack[Symbol.asyncDispose]());

const resident = async (): Promise<number> => (await residentBytes(service.pid ?? 0)) ?? 0;

/** Closes the app's inspector, as a debugger or another fault may. */
async function loseTheSession(): Promise<void> {
  const other = await inspect(service);
  await other.close();
  await sleep(100);
}

/** How often a timer of the app came more than `lateMs` late within a second. */
async function lateTimers(lateMs: number): Promise<unknown> {
  const inspector = await inspect(service);
  const late = await inspector.evaluate(`new Promise((resolve) => {
    let [late, last, end] = [0, performance.now(), performance.now() + 1000];
    const tick = setInterval(() => {
      const now = performance.now();
      if (now - last > ${lateMs}) late += 1;
      last = now;
      if (now > end) { clearInterval(tick); resolve(late); }
    }, 5);
  })`);
  inspector.disconnect();
  return late;
}

describe('leakMemory', () => {
  test.each(['200MiB', '20MiB'] as const)('makes %s resident, proves it, and gives it back', async (bytes) => {
    const amount = Number.parseInt(bytes, 10) * MIB;
    const before = await resident();
    const injection = await inject(leakMemory('app', { bytes }), stack);
    expect(await injection.proof()).toMatchObject({ held: true, source: "the process' VmRSS" });
    expect(await resident()).toBeGreaterThan(before + amount * 0.9);
    await injection.heal();
    expect(await resident()).toBeLessThan(before + amount * 0.6);
    expect(await injection.proof()).toMatchObject({ held: false });
    expect(await greeting(service.endpoint)).toBe('hello');
  });

  test('grows over a time, and is proven when it has grown', async () => {
    const injection = await inject(leakMemory('app', { bytes: '100MiB', over: '1s' }), stack);
    expect(await injection.proof()).toMatchObject({ held: false });
    await expect.poll(() => injection.proof(), { timeout: 10_000 }).toMatchObject({ held: true });
    await injection.heal();
  });

  test('stops growing and heals when the run is interrupted', async () => {
    const interrupted = new AbortController();
    const before = await resident();
    const injection = await leakMemory('app', { bytes: '400MiB', over: '1h' }).inject(stack, interrupted.signal);
    interrupted.abort();
    await injection.heal();
    expect(await resident()).toBeLessThan(before + 100 * MIB);
  });

  test('heals where its session was lost', async () => {
    const injection = await inject(leakMemory('app', { bytes: '200MiB' }), stack);
    await loseTheSession();
    await injection.heal();
    expect(await injection.proof()).toMatchObject({ held: false });
  });

  test('is healed by the death of the process', async () => {
    const injection = await inject(leakMemory('app', { bytes: '100MiB' }), stack);
    const death = await inject(killService('app'), stack);
    await death.heal();
    await injection.heal();
    expect(await injection.proof()).toMatchObject({ held: false });
  });
});

describe('blockEventLoop', () => {
  const fault = blockEventLoop('app', { forEach: '130ms', every: '300ms' });

  test('blocks again and again, proves it, and stops', async () => {
    const injection = await inject(fault, stack);
    await expect.poll(() => injection.proof(), { timeout: 10_000 }).toMatchObject({ held: true });
    expect(await lateTimers(100)).toBeGreaterThanOrEqual(3);
    await injection.heal();
    expect(await lateTimers(100)).toBe(0);
    expect(await greeting(service.endpoint)).toBe('hello');
  });

  test('heals in the middle of a block, and where its session was lost', async () => {
    const long = await inject(blockEventLoop('app', { forEach: '900ms', every: '1s' }), stack);
    await loseTheSession();
    await sleep(300);
    await long.heal();
    expect(await lateTimers(100)).toBe(0);
  });

  test('is not proven before it has blocked', async () => {
    const injection = await inject(blockEventLoop('app', { forEach: '10ms', every: '1h' }), stack);
    expect(await injection.proof()).toMatchObject({ held: false, seen: expect.stringContaining('0 blocks') });
    await injection.heal();
  });
});

test('a fault on a process that says nowhere where its inspector is fails by name', async () => {
  await loseTheSession();
  const mute = { ...service, name: 'mute', pid: service.pid, logFile: `${service.logFile}.none` } as RunningService;
  await expect(inspect(mute, AbortSignal.timeout(500))).rejects.toThrow(
    'interrupted while waiting for the inspector of mute',
  );
  await forgetLog(service.logFile);
});
