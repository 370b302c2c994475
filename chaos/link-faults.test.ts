import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Stack } from '../harness/stack/service.ts';
import { cutLink, slowLink, stallLink } from './index.ts';
import { TcpRelay } from './tcp-relay.ts';
import { inject, redis, testStack, withRedis } from './testing.ts';

/** A server that sends back what it gets, and ends when its client has. */
async function echo(): Promise<{ server: Server; endpoint: { host: string; port: number } }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } };
}

async function withRelay(work: (relay: TcpRelay) => Promise<void>): Promise<void> {
  const { server, endpoint } = await echo();
  const relay = await TcpRelay.open(endpoint, '127.0.0.1');
  try {
    await work(relay);
  } finally {
    await relay.close();
    server.close();
  }
}

async function dial(relay: TcpRelay): Promise<Socket> {
  const socket = connect(relay.endpoint);
  await once(socket, 'connect');
  return socket;
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

describe('the relay', () => {
  test('passes any chunks in their order, slow or not, and the end after them', async () => {
    await withRelay(async (relay) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), { minLength: 1, maxLength: 10 }),
          fc.nat(20),
          fc.nat(20),
          async (chunks, latency, jitter) => {
            relay.slow(latency, jitter);
            const socket = await dial(relay);
            for (const chunk of chunks) socket.write(chunk);
            socket.end();
            expect(await read(socket, Number.POSITIVE_INFINITY)).toEqual(Buffer.concat(chunks));
          },
        ),
        { numRuns: 30 },
      );
    });
  });

  test('delays without serialising: many chunks take hardly longer than one', async () => {
    await withRelay(async (relay) => {
      relay.slow(100, 0);
      const socket = await dial(relay);
      socket.setNoDelay(true);
      const start = performance.now();
      for (let index = 0; index < 50; index++) {
        socket.write('x');
        await sleep(1);
      }
      await read(socket, 50);
      const took = performance.now() - start;
      expect(took).toBeGreaterThan(190);
      // Serialised it would be 50 times 200 ms.
      expect(took).toBeLessThan(2_000);
    });
  });

  test('carries bulk data whole through backpressure', async () => {
    await withRelay(async (relay) => {
      relay.slow(5, 5);
      const socket = await dial(relay);
      const data = Buffer.alloc(20 * 1024 ** 2, 'firedrill');
      socket.end(data);
      expect((await read(socket, Number.POSITIVE_INFINITY)).equals(data)).toBe(true);
      expect(relay.heldBytes).toBe(0);
    });
  });

  test('holds the sender back while it is stalled, rather than storing all of it', async () => {
    await withRelay(async (relay) => {
      relay.stall();
      const socket = await dial(relay);
      socket.end(Buffer.alloc(32 * 1024 ** 2));
      await sleep(300);
      expect(relay.heldBytes).toBeGreaterThan(0);
      expect(relay.heldBytes).toBeLessThan(8 * 1024 ** 2);
      relay.clear();
      expect((await read(socket, Number.POSITIVE_INFINITY)).length).toBe(32 * 1024 ** 2);
    });
  });

  test('resets the client where the service is down', async () => {
    const { server, endpoint } = await echo();
    server.close();
    const relay = await TcpRelay.open(endpoint, '127.0.0.1');
    const socket = connect(relay.endpoint);
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    await relay.close();
  });
});

describe('faults on the link to Redis', () => {
  /** Redis as an app reaches it: through the interceptor. */
  const appsRedis = (stack: Stack, fault: ReturnType<typeof slowLink>) => {
    if (!fault.interception) throw new Error('a link fault without an interception');
    return stack.interceptor(fault.interception).endpoint;
  };
  const ping = async (endpoint: { host: string; port: number }): Promise<number> =>
    withRedis(endpoint, async (client) => {
      const start = performance.now();
      await client.ping();
      return performance.now() - start;
    });

  test('slowLink slows, proves it, and heals', async () => {
    const fault = slowLink('redis', { latency: '100ms', jitter: '20ms' });
    await using stack = await testStack([redis], [fault]);
    const endpoint = appsRedis(stack, fault);
    await ping(endpoint);
    const injection = await inject(fault, stack);
    expect(await injection.proof()).toMatchObject({ held: false, source: 'the relay towards redis' });
    const slowed = await ping(endpoint);
    expect(slowed).toBeGreaterThan(190);
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    expect(await ping(endpoint)).toBeLessThan(slowed);
  });

  test('stallLink stops the bytes, proves it, and lets them flow again when healed', async () => {
    const fault = stallLink('redis');
    await using stack = await testStack([redis], [fault]);
    const injection = await inject(fault, stack);
    expect(await injection.proof()).toMatchObject({ held: false });
    const pinged = ping(appsRedis(stack, fault));
    await expect.poll(() => injection.proof(), { timeout: 20_000 }).toMatchObject({ held: true });
    await injection.heal();
    await pinged;
  });

  test('cutLink resets what is open and what comes, proves it, and heals', async () => {
    const fault = cutLink('redis');
    await using stack = await testStack([redis], [fault]);
    const endpoint = appsRedis(stack, fault);
    const injection = await inject(fault, stack);
    expect(await injection.proof()).toMatchObject({ held: false, seen: '0 connections reset' });
    await expect(ping(endpoint)).rejects.toThrow();
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    await ping(endpoint);
  });

  test('several on one link share one relay', () => {
    const [slow, stalled] = [slowLink('redis', { latency: '1ms' }), stallLink('redis')];
    expect(slow.interception).toBe(stalled.interception);
    expect(slow.interception).not.toBe(stallLink('postgres').interception);
  });
});
