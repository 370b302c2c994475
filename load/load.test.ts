import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { LoadTick } from '../harness/load.ts';
import { buyers, rush, traffic } from './index.ts';
import { counted, targetOf, testServer } from './testing.ts';

const sum = (ticks: readonly LoadTick[], key: 'scheduled' | 'started' | 'dropped' | 'answered' | 'unanswered') =>
  ticks.reduce((total, tick) => total + tick[key], 0);

describe('arrivals', () => {
  test('keep their schedule while the server stalls, and time requests from the scheduled start', async () => {
    await using server = await testServer();
    const load = await buyers.at('200/s').start(targetOf(server), () => {});
    await sleep(500);
    server.stall();
    await sleep(1_000);
    // Some 200 more have arrived, though none came back.
    const before = server.arrivals.length;
    server.release();
    await sleep(300);
    const totals = await load.stop();
    expect(before).toBeGreaterThan(200);
    expect(totals.dropped).toBe(0);
    expect(totals.latency.max).toBeGreaterThan(900);
    // Those that arrived early in the stall waited long, those late shortly: a closed loop would have seen one wait.
    expect(totals.latency.p95).toBeGreaterThan(500);
    expect(totals.started).toBe(totals.scheduled);
  });

  test('count what the server counts, to the unit, when stopped with requests in flight', async () => {
    await using server = await testServer({ delayMs: 150 });
    const ticks: LoadTick[] = [];
    const load = await buyers.at('300/s').start(targetOf(server), (tick) => ticks.push(tick));
    await sleep(700);
    const totals = await load.stop();
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.receipts.toSorted()).toEqual([...server.sold].sort());
    expect(totals.outcomes).toEqual({ purchased: server.sold.size });
    expect(totals.unanswered).toBe(0);
    expect(sum(ticks, 'answered')).toBe(totals.answers.reduce((total, { count }) => total + count, 0));
    for (const key of ['scheduled', 'started', 'dropped', 'unanswered'] as const) {
      expect(sum(ticks, key)).toBe(totals[key]);
    }
  });

  test('drop and report what exceeds the capacity', async () => {
    await using server = await testServer();
    server.stall();
    const load = await buyers.at('200/s', { capacity: 10 }).start(targetOf(server), () => {});
    await sleep(500);
    server.release();
    const totals = await load.stop();
    expect(totals.dropped).toBeGreaterThan(0);
    expect(totals.started + totals.dropped).toBe(totals.scheduled);
    expect(counted(totals)).toEqual(server.answers);
  });

  test('send the same requests in the same order for the same seed, others for another', async () => {
    const drawing = traffic('drawing', {
      module: new URL('./testing-journeys.ts', import.meta.url).href,
      name: 'drawing',
    });
    const requests = async (seed: number) => {
      await using server = await testServer();
      const load = await drawing.at('100/s').start(targetOf(server, { seed }), () => {});
      await sleep(400);
      await load.stop();
      // Neighbours may overtake each other on the way, so each says its number.
      const bodies = server.bodies.map((body) => JSON.parse(body) as { number: number; draws: number[] });
      return bodies.sort((a, b) => a.number - b.number).slice(0, 20);
    };
    const [one, again, other] = [await requests(1), await requests(1), await requests(2)];
    expect(one.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
  });

  test('count a refused connection as unanswered, with its code as the outcome', async () => {
    const { url } = await closedServer();
    const load = await buyers.at('100/s').start(targetOf({ url }), () => {});
    await sleep(300);
    const totals = await load.stop();
    expect(totals.answers).toEqual([]);
    expect(totals.unanswered).toBe(totals.started);
    expect(totals.outcomes).toEqual({ ECONNREFUSED: totals.started });
  });

  test('count requests whose connection broke as unanswered, once each', async () => {
    await using server = await testServer();
    const load = await buyers.at('200/s').start(targetOf(server), () => {});
    await sleep(200);
    server.stall();
    await sleep(200);
    server.cut();
    server.release();
    await sleep(100);
    const totals = await load.stop();
    expect(totals.unanswered).toBeGreaterThan(0);
    expect(counted(totals)).toEqual(server.answers);
    expect(Object.values(totals.outcomes).reduce((a, b) => a + b, 0)).toBe(totals.started);
  });

  test('stop as often as asked, with the same totals', async () => {
    await using server = await testServer();
    const load = await buyers.at('100/s').start(targetOf(server), () => {});
    await sleep(100);
    const [first, second] = await Promise.all([load.stop(), load.stop()]);
    expect(second).toEqual(first);
    expect(await load.stop()).toEqual(first);
  });
});

describe('both drivers', () => {
  const uploading = traffic('uploading', {
    module: new URL('./testing-journeys.ts', import.meta.url).href,
    name: 'uploading',
  });
  test.each([
    ['arrivals', uploading.at('50/s')],
    ['autocannon', uploading.saturating({ connections: 2 })],
  ])('%s sends what the journey sends: a token, bytes as they are, text as JSON', async (_, sent) => {
    await using server = await testServer();
    const load = await sent.start(targetOf(server), () => {});
    await sleep(400);
    const totals = await load.stop();
    expect(totals.outcomes['HTTP 202']).toBeGreaterThan(0);
    expect(counted(totals)).toEqual(server.answers);
    const kinds = new Set(server.heads.map((head) => JSON.stringify(head)));
    expect([...kinds].sort()).toEqual([
      JSON.stringify({ bytes: 29, token: 'Bearer a-token', type: 'application/json' }),
      JSON.stringify({ bytes: 5, token: 'Bearer a-token', type: 'audio/wav' }),
    ]);
  });
});

describe('saturation', () => {
  test('counts what the server counts, to the unit, when stopped in mid-flight', async () => {
    await using server = await testServer();
    const ticks: LoadTick[] = [];
    const load = await rush.saturating({ connections: 16 }).start(targetOf(server), (tick) => ticks.push(tick));
    await sleep(700);
    server.stall();
    await sleep(100);
    const stopping = load.stop();
    await sleep(100);
    server.release();
    const totals = await stopping;
    expect(totals.answers.length).toBeGreaterThan(0);
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.receipts.toSorted()).toEqual([...server.sold].sort());
    expect(totals.unanswered).toBe(0);
    expect(sum(ticks, 'started')).toBe(totals.started);
  });

  test('buys a sale empty and ends by itself', async () => {
    await using server = await testServer({ stock: 2_000, perUser: 10 });
    const load = await rush.saturating({ connections: 32 }).start(targetOf(server), () => {});
    while (server.sold.size < 2_000) await sleep(50);
    // Quiet long before it is stopped: each connection has found every item sold out, and sends nobody else.
    for (let seen = -1; seen !== server.bodies.length; await sleep(1_000)) seen = server.bodies.length;
    const totals = await load.stop();
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.receipts).toHaveLength(2_000);
    expect(totals.outcomes.SOLD_OUT).toBe(32);
  });

  test('counts requests whose connection broke as unanswered, once each, and goes on', async () => {
    await using server = await testServer();
    const load = await rush.saturating({ connections: 8 }).start(targetOf(server), () => {});
    await sleep(200);
    server.stall();
    await sleep(100);
    server.cut();
    await sleep(50);
    server.release();
    const before = server.answers.get('checkout POST 201') ?? 0;
    await sleep(300);
    const totals = await load.stop();
    expect(totals.unanswered).toBeGreaterThanOrEqual(8);
    expect(totals.answers.find(({ status }) => status === 201)?.count).toBeGreaterThan(before);
    expect(counted(totals)).toEqual(server.answers);
  });

  test('gives up, with everything unanswered, where nothing listens', async () => {
    const { url } = await closedServer();
    const load = await rush.saturating({ connections: 4 }).start(targetOf({ url }), () => {});
    await sleep(300);
    const totals = await load.stop();
    expect(totals.answers).toEqual([]);
    expect(totals.unanswered).toBe(totals.started);
    expect(totals.unanswered).toBeGreaterThan(0);
  });
});

describe('a load that cannot run', () => {
  test('says so at once for a bad rate, capacity or number of connections', () => {
    // @ts-expect-error no rate
    expect(() => buyers.at('fast')).toThrow(expect.objectContaining({ code: 'BAD_UNIT' }));
    expect(() => buyers.at('80/s', { capacity: 0.5 })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
    expect(() => rush.saturating({ connections: 0 })).toThrow('connections is 0; expected a whole number above 0.');
  });

  test('rejects its start where the journey is not to be found', async () => {
    await using server = await testServer();
    const lost = traffic('lost', { module: new URL('./index.ts', import.meta.url).href, name: 'nobody' });
    await expect(lost.at('1/s').start(targetOf(server), () => {})).rejects.toThrow('broke down');
  });

  test('rejects its stop where a journey threw', async () => {
    await using server = await testServer();
    const broken = traffic('broken', {
      module: new URL('./testing-journeys.ts', import.meta.url).href,
      name: 'broken',
    });
    const load = await broken.at('100/s').start(targetOf(server), () => {});
    await sleep(300);
    await expect(load.stop()).rejects.toThrow('broke down');
  });
});

async function closedServer(): Promise<{ url: string }> {
  await using server = await testServer();
  return { url: server.url };
}
