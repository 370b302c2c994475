import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { LoadTick } from '../harness/load.ts';
import { descendantsOf } from '../harness/stack/descendants.ts';
import { buyers, k6, rush, traffic } from './index.ts';
import { counted, targetOf, testServer } from './testing.ts';
import { k6Here } from './testing-k6.ts';

const journey = (name: string) =>
  traffic(name, { module: new URL('./testing-journeys.ts', import.meta.url).href, name });
const sum = (ticks: readonly LoadTick[], key: 'scheduled' | 'started' | 'dropped' | 'answered' | 'unanswered') =>
  ticks.reduce((total, tick) => total + tick[key], 0);
/** Of this process only: other tests have their own. */
const running = async () => {
  const below = await descendantsOf(process.pid);
  return below.filter((pid) => commandLine(pid).includes('k6/script.ts'));
};
const commandLine = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

const there = await k6Here();

describe.runIf(there)('k6', () => {
  test('counts what the server counts, to the unit, when stopped with requests in flight', async () => {
    await using server = await testServer({ delayMs: 150 });
    const ticks: LoadTick[] = [];
    const load = await k6(buyers.at('80/s', { capacity: 200 })).start(targetOf(server), (tick) => ticks.push(tick));
    await sleep(1_000);
    const totals = await load.stop();
    expect(totals.started).toBeGreaterThan(40);
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.receipts.toSorted()).toEqual([...server.sold].sort());
    expect(totals.outcomes).toEqual({ purchased: server.sold.size });
    expect([totals.unanswered, totals.dropped]).toEqual([0, 0]);
    expect(sum(ticks, 'answered')).toBe(server.bodies.length);
    for (const key of ['scheduled', 'started', 'dropped', 'unanswered'] as const) {
      expect(sum(ticks, key)).toBe(totals[key]);
    }
    expect(Math.max(...ticks.map(({ inUse }) => inUse ?? 0))).toBeGreaterThan(0);
    expect(await running()).toEqual([]);
  });

  test('sends what the journey sends: a token with every request, bytes as they are, and text as JSON', async () => {
    await using server = await testServer();
    const load = await k6(journey('uploading').at('50/s', { capacity: 20 })).start(targetOf(server), () => {});
    await sleep(600);
    const totals = await load.stop();
    expect(totals.outcomes['HTTP 202']).toBeGreaterThan(0);
    expect(counted(totals)).toEqual(server.answers);
    const kinds = new Set(server.heads.map((head) => JSON.stringify(head)));
    expect([...kinds].sort()).toEqual([
      JSON.stringify({ bytes: 29, token: 'Bearer a-token', type: 'application/json' }),
      JSON.stringify({ bytes: 5, token: 'Bearer a-token', type: 'audio/wav' }),
    ]);
  });

  test('agrees with itself: what it says of the load is the load alone', async () => {
    await using server = await testServer({ delayMs: 20 });
    const load = await k6(buyers.at('50/s', { capacity: 50 })).start(targetOf(server), () => {});
    await sleep(800);
    const totals = await load.stop();
    const figures = Object.fromEntries(totals.report?.figures.map(({ name, value }) => [name, value]) ?? []);
    expect(figures).toMatchObject({
      iterations: totals.started,
      dropped_iterations: 0,
      http_reqs: server.bodies.length,
      http_req_failed: 0,
    });
    // The gate answers in no time at all; a visitor's request takes 20 ms.
    expect(figures['http_req_duration p(50)']).toBeGreaterThan(19);
    expect(totals.latency.p50).toBeGreaterThan(19);
  });

  test('follows a ramp, its stages as long as the speed makes them, and keeps the last rate', async () => {
    await using server = await testServer();
    const ramp = buyers.ramping([{ to: '100/s', over: '1m' }], { from: '10/s', capacity: 100 });
    const ticks: LoadTick[] = [];
    const load = await k6(ramp).start(targetOf(server, { speed: 60 }), (tick) => ticks.push(tick));
    await sleep(2_500);
    const totals = await load.stop();
    expect(counted(totals)).toEqual(server.answers);
    // 55 in the second of the ramp, 100 in each after it; the first quarter of a second saw a handful.
    expect(totals.started).toBeGreaterThan(120);
    expect(ticks[0]?.started).toBeLessThan(ticks.slice(4, 8).reduce((most, { started }) => Math.max(most, started), 0));
    expect(totals.dropped).toBe(0);
  });

  test('keeps its schedule while the server stalls, and waits for the answers', async () => {
    await using server = await testServer();
    const load = await k6(buyers.at('60/s', { capacity: 300 })).start(targetOf(server), () => {});
    await sleep(400);
    server.stall();
    const before = server.arrivals.length;
    await sleep(1_000);
    expect(server.arrivals.length - before).toBeGreaterThan(30);
    const stopping = load.stop();
    await sleep(800);
    server.release();
    const totals = await stopping;
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.unanswered).toBe(0);
    expect(totals.latency.max).toBeGreaterThan(1_000);
  });

  test('counts requests whose connection broke as unanswered, once each', async () => {
    await using server = await testServer();
    const load = await k6(buyers.at('80/s', { capacity: 200 })).start(targetOf(server), () => {});
    await sleep(300);
    server.stall();
    await sleep(300);
    server.cut();
    server.release();
    await sleep(200);
    const totals = await load.stop();
    expect(totals.unanswered).toBeGreaterThan(10);
    expect(counted(totals)).toEqual(server.answers);
    expect(Object.values(totals.outcomes).reduce((a, b) => a + b, 0)).toBe(totals.started);
    expect(Object.keys(totals.outcomes).sort()).toEqual(['ECONNRESET', 'purchased']);
  });

  test('counts a refused connection as unanswered, with its code as the outcome', async () => {
    const { url } = await closedServer();
    const load = await k6(buyers.at('50/s', { capacity: 20 })).start(targetOf({ url }), () => {});
    await sleep(300);
    const totals = await load.stop();
    expect(totals.answers).toEqual([]);
    expect(totals.unanswered).toBe(totals.started);
    expect(totals.outcomes).toEqual({ ECONNREFUSED: totals.started });
  });

  test('drops and reports what exceeds the capacity, as k6 itself says', async () => {
    await using server = await testServer();
    server.stall();
    const load = await k6(buyers.at('100/s', { capacity: 10 })).start(targetOf(server), () => {});
    await sleep(1_000);
    server.release();
    await sleep(300);
    const totals = await load.stop();
    expect(totals.dropped).toBeGreaterThan(30);
    expect(totals.started + totals.dropped).toBe(totals.scheduled);
    expect(totals.report?.figures.find(({ name }) => name === 'dropped_iterations')?.value).toBe(totals.dropped);
    expect(counted(totals)).toEqual(server.answers);
  });

  test('sends several requests of a step at once', async () => {
    await using server = await testServer({ delayMs: 100 });
    const load = await k6(journey('clicking').at('10/s', { capacity: 10 })).start(targetOf(server), () => {});
    await sleep(1_000);
    const totals = await load.stop();
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.outcomes).toEqual({ '4 clicks': totals.started });
    expect(server.answers.get('checkout POST 201')).toBe(totals.started * 4);
    // One after another they would take 500 ms.
    expect(totals.latency.max).toBeLessThan(400);
  });

  test('sends the visitors that arrivals sends, for the same seed', async () => {
    const bodies = async (driver: 'arrivals' | 'k6') => {
      await using server = await testServer();
      const load = await journey('drawing')
        .at('50/s', { capacity: 50 })
        .under(driver)
        .start(targetOf(server), () => {});
      await sleep(700);
      await load.stop();
      const sent = server.bodies.map((body) => JSON.parse(body) as { number: number; draws: number[] });
      return sent.sort((a, b) => a.number - b.number).slice(0, 15);
    };
    const sent = await bodies('k6');
    expect(sent.map(({ number }) => number)).toEqual(Array.from({ length: 15 }, (_, number) => number));
    expect(sent).toEqual(await bodies('arrivals'));
  });

  test('says of each threshold whether it held, and what the value was', async () => {
    await using server = await testServer({ delayMs: 30 });
    const load = k6(buyers.at('40/s', { capacity: 20 }), {
      thresholds: { http_req_duration: ['p(99.9)<5000', 'min<1'], 'http_reqs{handler:checkout}': ['count>1000000'] },
    });
    const totals = await (await load.start(targetOf(server), () => {})).stop();
    expect(totals.report?.thresholds).toEqual([
      { metric: 'http_req_duration', limit: 'p(99.9)<5000', value: expect.any(Number), held: true },
      { metric: 'http_req_duration', limit: 'min<1', value: expect.any(Number), held: false },
      {
        metric: 'http_reqs{handler:checkout}',
        limit: 'count>1000000',
        value: server.answers.get('checkout POST 201'),
        held: false,
      },
    ]);
  });
});

describe.runIf(there)('a k6 load that is ended otherwise', () => {
  test('is gone at once when it is abandoned', async () => {
    await using server = await testServer({ delayMs: 100 });
    const load = await k6(buyers.at('50/s', { capacity: 20 })).start(targetOf(server), () => {});
    expect(await running()).toHaveLength(1);
    await load.abandon();
    await expect.poll(running, { timeout: 5_000 }).toEqual([]);
  });

  test('dies with us when we are killed outright', async () => {
    await using server = await testServer();
    const child = fork(new URL('./testing-load.ts', import.meta.url), [server.url]);
    await once(child, 'message');
    const below = await descendantsOf(child.pid ?? 0);
    const own = below.filter((pid) => commandLine(pid).includes('k6/script.ts'));
    expect(own).toHaveLength(1);
    child.kill('SIGKILL');
    await expect.poll(() => own.map(commandLine).join(''), { timeout: 5_000 }).toBe('');
  });

  test('tells of it at once when k6 itself is killed, and stop() rejects', async () => {
    await using server = await testServer();
    const load = await k6(buyers.at('50/s', { capacity: 20 })).start(targetOf(server), () => {});
    for (const pid of await running()) process.kill(pid, 'SIGKILL');
    expect(await load.brokeDown).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringMatching(/^the load \(k6, buyer\) broke down: k6 ended by itself \(SIGKILL\)/),
    });
    await expect(load.stop()).rejects.toThrow('broke down');
  });

  test('names the line where a journey threw', async () => {
    await using server = await testServer();
    const start = k6(journey('broken').at('50/s', { capacity: 5 })).start(targetOf(server), () => {});
    // Whichever comes first, the start or the defect.
    const error = await start.then(
      (load) => load.brokeDown,
      (error: Error) => error,
    );
    expect(error.message).toMatch(
      /^the load \(k6, broken\) broke down: Error: a defect in a journey \(.*testing-journeys\.ts, line 6\)$/,
    );
    await expect.poll(running, { timeout: 5_000 }).toEqual([]);
  });

  test('refuses to start with a journey that is not there or does not parse, with k6’s own words', async () => {
    await using server = await testServer();
    const folder = await mkdtemp(join(tmpdir(), 'k6-test-'));
    try {
      await writeFile(join(folder, 'torn.ts'), 'export function* torn() {\n  return ( ;\n}\n');
      const torn = traffic('torn', { module: `file://${join(folder, 'torn.ts')}`, name: 'torn' });
      await expect(k6(torn.at('1/s', { capacity: 1 })).start(targetOf(server), () => {})).rejects.toMatchObject({
        code: 'LOAD_FAILED',
        message: expect.stringMatching(/k6 ended by itself \(exit code 107.*torn\.ts/s),
      });
      await expect(k6(journey('nobody').at('1/s', { capacity: 1 })).start(targetOf(server), () => {})).rejects.toThrow(
        'exports no journey called nobody',
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(await running()).toEqual([]);
  });

  test('is refused beforehand where it is no load for k6, or a threshold is none', () => {
    expect(() => k6(rush.saturating() as never)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('expected at() or ramping()') }),
    );
    expect(() => k6(buyers.at('1/s'), { thresholds: { http_req_duration: ['p95<500'] } })).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('"p95<500"') }),
    );
  });
});

async function closedServer(): Promise<{ url: string }> {
  await using server = await testServer();
  return { url: server.url };
}
