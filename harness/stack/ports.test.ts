import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ephemeralStart, reservePort } from './ports.ts';

const listen = async (port: number) => {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

describe('where the ephemeral range begins', () => {
  it.each([
    ['32768\t60999\n', 32_768],
    ['49152 65535', 49_152],
    ['1024 65535', 32_768],
    ['', 32_768],
    ['nonsense', 32_768],
  ])('as the kernel writes %j: %d', (range, start) => {
    expect(ephemeralStart(range)).toBe(start);
  });
});

describe('a reserved port', () => {
  it('is below the ephemeral range, and taken until it is released', async () => {
    using reservation = await reservePort();
    expect(reservation.port).toBeGreaterThan(1_024);
    expect(reservation.port).toBeLessThan(49_152);
    await expect(listen(reservation.port)).rejects.toThrow('EADDRINUSE');
    await reservation.release();
    const server = await listen(reservation.port);
    server.close();
  });

  it('is reserved once, however many are at the same time', async () => {
    const reservations = await Promise.all(Array.from({ length: 50 }, () => reservePort()));
    expect(new Set(reservations.map(({ port }) => port)).size).toBe(50);
    await Promise.all(reservations.map((reservation) => reservation.release()));
  });

  it('can be released twice', async () => {
    const reservation = await reservePort();
    await reservation.release();
    await reservation.release();
  });

  it('is let go of at once, although a client came before the service', async () => {
    const reservation = await reservePort();
    const client = connect(reservation.port, '127.0.0.1');
    client.on('error', () => {});
    await once(client, 'connect');
    await reservation.release();
    client.destroy();
    (await listen(reservation.port)).close();
  });
});
