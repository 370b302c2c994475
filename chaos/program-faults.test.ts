import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openContainers } from '../harness/stack/containers.ts';
import { openProcesses } from '../harness/stack/processes.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import type { ServiceDescription, Stack } from '../harness/stack/service.ts';
import { engineHere, IMAGES, NODE_IMAGE } from '../harness/stack/testing-containers.ts';
import { hangPrograms, starveCpu } from './index.ts';
import { Meals } from './starve-cpu.ts';
import { inject, testStack } from './testing.ts';

const engine = await engineHere();

/** Runs the program it is posted, answers its number, and says of each whether and how it ended; /kill ends one. */
const LAUNCHER = `
  const { createServer } = require('node:http');
  const { spawn } = require('node:child_process');
  const { text } = require('node:stream/consumers');
  const runs = [];
  createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://launcher');
    if (pathname === '/run') {
      const [command, ...args] = JSON.parse(await text(request));
      const child = spawn(command, args, { stdio: 'ignore' });
      const run = { child, pid: child.pid, end: 'runs' };
      child.once('exit', (code, signal) => { run.end = String(code ?? signal); });
      return response.end(String(runs.push(run) - 1));
    }
    const run = runs[Number(searchParams.get('run') ?? 0)];
    if (pathname === '/kill') run.child.kill('SIGKILL');
    response.end(run === undefined ? 'none' : pathname === '/pid' ? String(run.pid) : run.end);
  }).listen(process.env.PORT, process.env.HOST);
  process.once('SIGTERM', () => process.exit(0));
`;

const launcher: ServiceDescription = {
  name: 'launcher',
  address: 'launcher:8080',
  program: { command: 'node', why: 'tests', packages: { apt: '', dnf: '', brew: '' } },
  needs: [],
  container: { image: NODE_IMAGE },
  args: () => ['-e', LAUNCHER],
  env: ({ endpoint }) => ({ HOST: endpoint.host, PORT: String(endpoint.port) }),
  async ready({ host, port }) {
    await fetch(`http://${host}:${port}/`);
  },
};

const ffmpeg = { command: 'ffmpeg', why: 'tests', packages: { apt: 'ffmpeg', dnf: 'ffmpeg-free', brew: 'ffmpeg' } };

/** Without an end of its own, and as hungry as a program can be. */
const BUSY = { program: 'sh', words: ['sh', '-c', 'while :; do :; done'] };
const SLEEP = { program: 'sleep', words: ['sleep', '600'] };
/** Ten minutes of a tone as AAC take it some seconds. */
const TONE = [
  '-nostdin',
  '-loglevel',
  'error',
  '-f',
  'lavfi',
  '-i',
  'sine=duration=600',
  '-c:a',
  'aac',
  '-f',
  'null',
  '-',
];
/** As an app starts it that lets nothing outlive it: the process is another program first. */
const FFMPEG = { program: 'ffmpeg', words: ['setpriv', '--pdeathsig', 'KILL', '--', 'ffmpeg', ...TONE] };

describe.each([
  { runtime: 'processes', open: openProcesses, here: true, hangs: FFMPEG, hungry: FFMPEG },
  {
    runtime: 'containers',
    open: openContainers(IMAGES),
    here: engine !== undefined,
    hangs: SLEEP,
    hungry: BUSY,
  },
] as const)('in $runtime', ({ open, here, hangs, hungry }) => {
  // Only where nobody asked for containers: with FIREDRILL_REQUIRE_CONTAINERS, as in CI, engineHere() has thrown by now.
  if (!here) return test.skip('there is no engine with an image of Node');
  let stack: Stack;
  const numbers: number[] = [];
  beforeAll(async () => {
    if (hungry === FFMPEG) await locatePrograms([ffmpeg], () => {});
    stack = await testStack([launcher], [], open);
  }, 300_000);
  afterAll(() => stack?.[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const number of numbers.splice(0)) await ask(`/kill?run=${number}`);
  });

  const ask = async (path: string, body?: unknown): Promise<string> => {
    const { host, port } = stack.service('launcher').endpoint;
    const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`http://${host}:${port}${path}`, options)).text();
  };
  const run = async (words: readonly string[]): Promise<number> => {
    const number = Number(await ask('/run', words));
    numbers.push(number);
    return number;
  };
  const stat = async (number: number): Promise<string[]> => {
    const pid = await ask(`/pid?run=${number}`);
    const line = await stack.service('launcher').exec('cat', [`/proc/${pid}/stat`]);
    return line.slice(line.lastIndexOf(')') + 2).split(' ');
  };
  const state = async (number: number): Promise<string> => (await stat(number))[0] ?? '';
  const ticks = async (number: number): Promise<number> => {
    const fields = await stat(number);
    return Number(fields[11]) + Number(fields[12]);
  };

  describe('hangPrograms', () => {
    test('stops what runs and what is started, proves it, and lets it go on when healed', async () => {
      const before = await run(hangs.words);
      const injection = await inject(hangPrograms('launcher', hangs.program), stack);
      const [after, other] = [await run(hangs.words), await run(['tail', '-f', '/dev/null'])];
      await expect
        .poll(() => injection.proof(), { timeout: 20_000 })
        .toEqual({ held: true, seen: `2 processes of ${hangs.program} seen in state T`, source: 'process table' });
      expect([await state(before), await state(after)]).toEqual(['T', 'T']);
      expect(await state(other)).toBe('S');
      await injection.heal();
      expect(await state(before)).toMatch(/[SRD]/);
      expect(await state(after)).toMatch(/[SRD]/);
      const later = await run(hangs.words);
      await sleep(300);
      expect(await state(later)).toMatch(/[SRD]/);
    });

    test('is not proven where nothing of that name runs', async () => {
      await run(['tail', '-f', '/dev/null']);
      const injection = await inject(hangPrograms('launcher', 'ffprobe'), stack);
      await sleep(500);
      expect(await injection.proof()).toMatchObject({ held: false });
      await injection.heal();
      expect(await injection.proof()).toMatchObject({ held: false });
    });

    test('what hangs can still be killed by the app, one after another, and is counted', async () => {
      const injection = await inject(hangPrograms('launcher', hangs.program), stack);
      for (const nth of [1, 2, 3]) {
        const number = await run(hangs.words);
        await expect.poll(async () => (await injection.proof()).seen, { timeout: 20_000 }).toMatch(`${nth} processes`);
        await ask(`/kill?run=${number}`);
        await expect.poll(() => ask(`/end?run=${number}`)).toBe('SIGKILL');
      }
      await injection.heal();
    });

    test('goes on with a service that was killed and started again, and heals one that is down', async () => {
      const service = stack.service('launcher');
      await run(hangs.words);
      const injection = await inject(hangPrograms('launcher', hangs.program), stack);
      await service.kill();
      await service.start();
      numbers.length = 0;
      const number = await run(hangs.words);
      await expect.poll(() => state(number), { timeout: 20_000 }).toBe('T');
      await service.kill();
      numbers.length = 0;
      await injection.heal();
      await service.start();
    });
  });

  describe('starveCpu', () => {
    test('leaves a hungry program a part of the processor, proves it, and feeds it again when healed', async () => {
      const number = await run(hungry.words);
      const injection = await inject(starveCpu('launcher', { program: hungry.program, share: '10%' }), stack);
      expect((await injection.proof()).held).toBe(false);
      await expect
        .poll(() => injection.proof(), { timeout: 20_000 })
        .toMatchObject({
          held: true,
          seen: expect.stringMatching(/^1 processes of \w+ had \d+% of a processor over \d/),
        });
      const [starved, started] = [await ticks(number), performance.now()];
      await sleep(2_000);
      const had = ((await ticks(number)) - starved) * 10;
      expect(had / (performance.now() - started)).toBeLessThan(0.2);
      await injection.heal();
      expect(await state(number)).toMatch(/[SRD]/);
      const healed = await ticks(number);
      await expect.poll(async () => ((await ticks(number)) - healed) * 10, { timeout: 20_000 }).toBeGreaterThan(400);
    });

    test('is not proven by a program that wants nothing', async () => {
      await run(['sleep', '600']);
      const injection = await inject(starveCpu('launcher', { program: 'sleep', share: '10%' }), stack);
      await expect
        .poll(async () => (await injection.proof()).seen, { timeout: 20_000 })
        .toMatch(/had 0% of a processor over [1-9]/);
      expect(await injection.proof()).toMatchObject({ held: false });
      await injection.heal();
    });
  });
});

test('a program that eats its fill is not taken for a starved one', () => {
  const meals = new Meals();
  meals.note('7:1 100 10.00');
  meals.note('7:1 190 11.00');
  meals.note('8:2 0 11.00');
  expect([meals.processes, meals.usedS, meals.watchedS]).toEqual([2, 0.9, 1]);
});
