import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogQuery } from './expectation.ts';
import type { JournalEvent } from './journal.ts';
import type { Stack } from './stack/service.ts';
import { LogWatch, matches } from './watch.ts';

describe('a log line matches', () => {
  it.each<[LogQuery['match'], Readonly<Record<string, unknown>>, boolean]>([
    [{}, { level: 'error' }, true],
    [{ level: 'error' }, { level: 'error', msg: 'x' }, true],
    [{ level: 'error' }, { level: 'errors' }, false],
    [{ level: 'error' }, {}, false],
    [{ status: '503' }, { status: 503 }, true],
    [{ code: /^DB_/ }, { code: 'DB_TIMEOUT' }, true],
    [{ code: /^DB_/ }, { code: 'REDIS' }, false],
    [{ code: /undefined/ }, {}, false],
    [{ level: 'error', code: /^DB_/ }, { level: 'info', code: 'DB_TIMEOUT' }, false],
    [{ ok: 'null' }, { ok: null }, true],
  ])('%o in %j: %s', (match, fields, answer) => {
    expect(matches(fields, { service: 'app', match })).toBe(answer);
  });

  it('each time, although a RegExp with /g remembers where it was', () => {
    const query = { service: 'app', match: { code: /DB/g } };
    expect([1, 2, 3].map(() => matches({ code: 'DB' }, query))).toEqual([true, true, true]);
  });
});

describe('following the logs', () => {
  let folder: string;
  let file: string;
  let logged: JournalEvent[];
  let watch: LogWatch;
  const errors: LogQuery = { service: 'app', match: { level: 'error' } };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watch-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    file = join(folder, 'app.log');
    await writeFile(file, '');
    logged = [];
    const endpoint = { host: '127.0.0.1', port: 1 };
    const idle = () => Promise.resolve();
    const service = {
      name: 'app',
      endpoint,
      instance: { name: 'process 1', pid: 1 },
      logFile: file,
      look: () => Promise.reject(new Error('nobody looks')),
      outside: () => endpoint,
      exec: () => Promise.resolve(''),
      signal: idle,
      pause: idle,
      resume: idle,
      kill: idle,
      stop: idle,
      start: idle,
    };
    const stack: Stack = {
      runtime: 'processes',
      services: [service],
      service: () => service,
      interceptor: () => {
        throw new Error('no links here');
      },
      [Symbol.asyncDispose]: idle,
    };
    watch = new LogWatch(stack, {
      path: '',
      failure: undefined,
      append: (event) => logged.push(event),
      [Symbol.dispose]: () => {},
    });
  });
  const write = (time: number | string, msg: string, level = 'error') =>
    appendFile(file, `${JSON.stringify({ level, time, msg })}\n`);
  const messages = () => logged.map((event) => (event.type === 'log' ? event.fields.msg : event.type));

  it('journals the lines asked for, each once, at the time they carry', async () => {
    await write(1_000, 'a');
    await write(1_001, 'b', 'info');
    watch.poll([errors], 0);
    await appendFile(file, 'not json\n');
    await write('2026-01-01T00:00:00.000Z', 'c');
    watch.poll([errors], 0);
    watch.poll([errors], 0);
    expect(messages()).toEqual(['a', 'c']);
    expect(logged.map(({ at }) => at)).toEqual([1_000, Date.UTC(2026, 0, 1)]);
  });

  it('waits for the end of a line that is still being written', async () => {
    await appendFile(file, '{"level":"error","time":1,');
    watch.poll([errors], 0);
    expect(logged).toEqual([]);
    await appendFile(file, '"msg":"é"}\n');
    watch.poll([errors], 0);
    expect(messages()).toEqual(['é']);
  });

  it('keeps the first lines of a flood', async () => {
    for (let n = 0; n < 60; n++) await write(n, String(n));
    watch.poll([errors], 0);
    expect(messages()).toEqual([...Array(50).keys()].map(String));
  });

  it('lets what was logged before the phase, or in another one, use up nothing', async () => {
    for (let n = 0; n < 60; n++) await write(n, 'before');
    await write(100, 'first phase');
    watch.poll([errors], 100);
    for (let n = 0; n < 60; n++) await write(101, 'flood');
    watch.poll([errors], 100);
    await write(200, 'second phase');
    watch.poll([errors], 200);
    expect(messages()).not.toContain('before');
    expect(messages()).toContain('first phase');
    expect(messages().at(-1)).toBe('second phase');
  });
});
