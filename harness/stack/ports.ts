/**
 * Free loopback ports. They are taken below the kernel's ephemeral range: a port inside it can be handed to an outgoing
 * connection while its service is down (or a client can even connect to itself), and the service could not come back.
 * A reservation keeps its socket open until the service starts, so that two runs side by side never pick the same.
 */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

export interface Reservation extends Disposable {
  readonly port: number;
  /** Lets go of the port, for the service to listen on. Idempotent. */
  release(): Promise<void>;
}

const LOWEST = 10_240;
const ATTEMPTS = 200;
const EPHEMERAL = '/proc/sys/net/ipv4/ip_local_port_range';
/** Of Linux; macOS starts higher (49152). */
const DEFAULT_EPHEMERAL = 32_768;

export async function reservePort(): Promise<Reservation> {
  const highest = ephemeralStart(await readFile(EPHEMERAL, 'utf8').catch(() => ''));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const server = await listen(randomInt(LOWEST, highest));
    if (server) return reservation(server);
  }
  throw new Error(`no free port found on 127.0.0.1 between ${LOWEST} and ${highest} in ${ATTEMPTS} attempts`);
}

function reservation(server: Server): Reservation {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the reservation has no port');
  const close = () => new Promise<void>((done) => (server.listening ? server.close(() => done()) : done()));
  return { port: address.port, release: close, [Symbol.dispose]: () => void close() };
}

function listen(port: number): Promise<Server | undefined> {
  // A client that comes before the service must not hold up the release.
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server.unref()));
  });
}

/** Where the kernel's ephemeral range begins, from its two numbers. Where nothing useful lies below it, Linux' default. */
export function ephemeralStart(range: string): number {
  const start = Number(range.trim().split(/\s+/)[0]);
  return start > LOWEST + ATTEMPTS ? start : DEFAULT_EPHEMERAL;
}
