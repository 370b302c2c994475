/** However a run ends, it leaves no process behind, and the next start clears away what a killed one could not. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Place, place } from './command.ts';

const QUIET = 'flash-sale/quiet';
/** Moments spread over boot, warm-up and baseline; the property's seed is printed when one of them fails. */
const MOMENTS = 7;
const LONGEST_MS = 14_000;

/** Processes need a moment to be gone from the table; none may need longer. */
async function emptied({ services }: Place): Promise<string[]> {
  for (let look = 0; look < 100 && services().length > 0; look++) await sleep(50);
  return services();
}

const segments = () =>
  execFileSync('ipcs', ['-m'])
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('0x')).length;

describe('a run leaves nothing behind', () => {
  test('when it is killed outright at any moment, and the next start sweeps its folder', async () => {
    using here = place();
    const before = segments();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: LONGEST_MS }), async (moment) => {
        const run = here.run(QUIET);
        await sleep(moment);
        run.child.kill('SIGKILL');
        await run.finished;
        expect(await emptied(here)).toEqual([]);
      }),
      { numRuns: MOMENTS, endOnFailure: true },
    );
    const next = here.run(QUIET);
    await next.says('services up');
    expect(here.folders()).toHaveLength(1);
    next.child.kill('SIGTERM');
    await next.finished;
    expect(here.folders()).toEqual([]);
    expect(await emptied(here)).toEqual([]);
    expect(segments()).toBeLessThanOrEqual(before);
  });

  test('when it ends by itself', async () => {
    using here = place();
    const { code, stderr } = await here.run('flash-sale/redis-slow').finished;
    expect(code, stderr).toBe(0);
    expect(await emptied(here)).toEqual([]);
    expect(here.folders()).toEqual([]);
  });
});

// Two at a time: each looks at its own folder and the processes below it, and what it waits for may come late.
describe.concurrent('a run beside another leaves nothing behind', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'when %s interrupts a fault: healed, journalled, exit code 130',
    async (signal) => {
      using here = place();
      const run = here.run('flash-sale/redis-down');
      await run.says('stopService proven');
      run.child.kill(signal);
      // Under npm one Ctrl-C arrives twice: from the terminal, and passed on.
      await sleep(50);
      run.child.kill(signal);
      const { code, stderr } = await run.finished;
      expect(code, stderr).toBe(130);
      expect(stderr).toContain('stopService healed');
      expect(stderr).toContain('Interrupted');
      expect(await emptied(here)).toEqual([]);
      expect(here.folders()).toEqual([]);
      const journal = readFileSync(join(here.out, 'latest/journal.jsonl'), 'utf8').trimEnd().split('\n');
      expect(JSON.parse(journal.at(-1) ?? '')).toMatchObject({ type: 'end', interrupted: true, exitCode: 130 });
    },
  );

  test.each(['SIGKILL', 'SIGINT'] as const)('when %s ends it while shoppers are in their browser', async (signal) => {
    using here = place();
    const run = here.run('flash-sale/shoppers-feel-it');
    await run.says('baseline begins');
    const browser = here.services().filter((line) => line.includes('chromium'));
    expect(browser.length).toBeGreaterThan(2);
    run.child.kill(signal);
    const { code, stderr } = await run.finished;
    expect(await emptied(here)).toEqual([]);
    if (signal === 'SIGINT') {
      expect(code, stderr).toBe(130);
    } else {
      // Profiles and all: the next start sweeps what nobody could remove.
      expect(here.folders()).toHaveLength(2);
      const next = here.run(QUIET);
      await next.says('services up');
      next.child.kill('SIGTERM');
      await next.finished;
    }
    expect(here.folders()).toEqual([]);
  });

  test('when it is interrupted while it boots', async () => {
    using here = place();
    const run = here.run(QUIET);
    await run.says('nothing is wrong');
    await sleep(300);
    run.child.kill('SIGINT');
    expect((await run.finished).code).toBe(130);
    expect(await emptied(here)).toEqual([]);
    expect(here.folders()).toEqual([]);
  });
});

test.concurrent('--keep leaves the stack up with its addresses until it is interrupted', async () => {
  using here = place();
  const run = here.run('flash-sale/redis-slow', '--keep');
  await run.says('stays up until Ctrl-C');
  await sleep(200);
  expect(here.services().length).toBeGreaterThanOrEqual(6);
  run.child.kill('SIGINT');
  const { stderr } = await run.finished;
  const address = /prometheus\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(stderr)?.[1];
  expect(address).toBeDefined();
  expect(await emptied(here)).toEqual([]);
});

test('two runs at the same time do not meet', async () => {
  using here = place();
  const both = [here.run('flash-sale/redis-down'), here.run('flash-sale/bad-deploy')];
  const ended = await Promise.all(both.map(({ finished }) => finished));
  // On two cores the runs may slow each other into a late alert; what they must never do is disturb each other's stack.
  for (const { code, stderr } of ended) expect([0, 1], stderr).toContain(code);
  for (const { stderr } of ended) expect(stderr).not.toMatch(/ended in the middle|EADDRINUSE|could not be/);
  expect(await emptied(here)).toEqual([]);
});
