import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningService, Stack } from '../harness/stack/service.ts';
import { blockEventLoop, killService, leakMemory } from './index.ts';
import { withInspector } from './inspector.ts';
import { residentBytes } from './process-facts.ts';
import { app, greeting, inject, testStack } from './testing.ts';

const MIB = 1024 ** 2;
let stack: Stack;
let service: RunningService;
beforeAll(async () => {
  stack = await testStack([app]);
  service = stack.service('app');
});
afterAll(() => stack[Symbol.asyncDispose]());

const resident = async (): Promise<number> => (await residentBytes(service)) ?? 0;

/** How often a timer of the app came more than `lateMs` late within a second. */
async function lateTimers(lateMs: number): Promise<unknown> {
  return withInspector(service, (inspector) =>
    inspector.evaluate(`new Promise((resolve) => {
      let [late, last] = [0, performance.now()];
      const end = last + 1000;
      const tick = setInterval(() => {
        const now = performance.now();
        if (now - last > ${lateMs}) late += 1;
        last = now;
        if (now > end) resolve(late, clearInterval(tick));
      }, 5);
    })`),
  );
}

describe('leakMemory', () => {
  test.each(['200MiB', '60MiB'] as const)('makes %s resident, proves it, and gives it back', async (bytes) => {
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
    await expect.poll(() => injection.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
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
    await expect.poll(() => injection.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
    expect(await lateTimers(100)).toBeGreaterThanOrEqual(3);
    await injection.heal();
    // A crowded machine may hold the app up once by itself.
    expect(await lateTimers(100)).toBeLessThan(2);
    expect(await greeting(service.endpoint)).toBe('hello');
  });

  test('heals in the middle of a block', async () => {
    const long = await inject(blockEventLoop('app', { forEach: '900ms', every: '1s' }), stack);
    await sleep(300);
    await long.heal();
    expect(await lateTimers(500)).toBe(0);
  });

  test('is not proven before it has blocked', async () => {
    const injection = await inject(blockEventLoop('app', { forEach: '10ms', every: '1h' }), stack);
    expect(await injection.proof()).toMatchObject({ held: false, seen: expect.stringContaining('0 blocks') });
    await injection.heal();
  });
});

test('both at once do not get in each other’s way', async () => {
  const leak = await inject(leakMemory('app', { bytes: '100MiB' }), stack);
  const block = await inject(blockEventLoop('app', { forEach: '50ms', every: '100ms' }), stack);
  await expect.poll(() => block.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
  await Promise.all([leak.heal(), block.heal()]);
  expect(await greeting(service.endpoint)).toBe('hello');
});

test('the inspector of a new process is found behind the addresses of earlier ones in the log', async () => {
  const death = await inject(killService('app'), stack);
  await death.heal();
  expect(await withInspector(service, (inspector) => inspector.evaluate('process.pid'))).toBe(service.instance?.pid);
});

test('an app that does not say where its inspector listens fails by name', async () => {
  const mute: RunningService = Object.create(service, {
    logFile: { value: '/dev/null' },
    instance: { value: service.instance },
    signal: { value: () => Promise.resolve() },
  });
  const impatient = AbortSignal.timeout(300);
  await expect(withInspector(mute, async () => {}, impatient)).rejects.toThrow(
    'interrupted while waiting for the inspector of app',
  );
});
