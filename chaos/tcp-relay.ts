/**
 * A TCP relay on the link towards a service: it passes bytes both ways, and can make the link slow, dead or broken. Its
 * own counters are the proof.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Interception, Interceptor } from '../harness/fault.ts';
import type { Endpoint } from '../harness/stack/service.ts';
import { type LinkWeather, TcpLine } from './tcp-line.ts';

export interface RelayCounters {
  /** Connections taken, and those broken off on purpose. */
  readonly connections: number;
  readonly reset: number;
  /** Chunks and bytes passed on, and what they were held for in all. */
  readonly chunks: number;
  readonly bytes: number;
  readonly heldMs: number;
}

const CLEAR: LinkWeather = { latencyMs: 0, jitterMs: 0, stalled: false };

export class TcpRelay implements Interceptor {
  readonly endpoint: Endpoint;
  readonly #server: Server;
  readonly #upstream: Endpoint;
  readonly #links = new Set<Link>();
  #weather = CLEAR;
  #cut = false;
  #counters = { connections: 0, reset: 0, chunks: 0, bytes: 0, heldMs: 0 };

  /** Resolves when it listens, on a free port of this address. */
  static async open(upstream: Endpoint, listen: string): Promise<TcpRelay> {
    // Half-open: one side may be done while the other still speaks.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, listen, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a relay without a port');
    return new TcpRelay(server, upstream, { host: address.address, port: address.port });
  }

  constructor(server: Server, upstream: Endpoint, endpoint: Endpoint) {
    this.#server = server;
    this.#upstream = upstream;
    this.endpoint = endpoint;
    server.on('connection', (socket) => this.#take(socket));
  }

  get counters(): RelayCounters {
    return { ...this.#counters };
  }

  /** Bytes on their way at this moment. */
  get heldBytes(): number {
    return [...this.#links].reduce((sum, link) => sum + link.heldBytes, 0);
  }

  /** Every chunk takes this long in each direction, and up to `jitterMs` longer. */
  slow(latencyMs: number, jitterMs: number): void {
    this.#setWeather({ latencyMs, jitterMs, stalled: false });
  }

  /** Bytes stop flowing; connections stay, and new ones are taken. */
  stall(): void {
    this.#setWeather({ ...CLEAR, stalled: true });
  }

  /** Breaks every connection (reset), and each new one as soon as it is made. */
  cut(): void {
    this.#cut = true;
    for (const link of this.#links) this.#reset(link);
  }

  /** A link like any other again; what was held flows at once, in its order. */
  clear(): void {
    this.#cut = false;
    this.#setWeather(CLEAR);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const link of this.#links) link.destroy();
    await closed;
  }

  #setWeather(weather: LinkWeather): void {
    this.#weather = weather;
    for (const link of this.#links) link.setWeather(weather);
  }

  #take(client: Socket): void {
    this.#counters.connections += 1;
    const link = new Link(client, this.#upstream, this.#weather, {
      passed: (bytes, heldMs) => {
        this.#counters.chunks += 1;
        this.#counters.bytes += bytes;
        this.#counters.heldMs += heldMs;
      },
      closed: () => this.#links.delete(link),
    });
    this.#links.add(link);
    if (this.#cut) this.#reset(link);
  }

  #reset(link: Link): void {
    this.#counters.reset += 1;
    link.reset();
  }
}

interface LinkOwner {
  passed(bytes: number, heldMs: number): void;
  closed(): void;
}

/** One connection: the client's socket, ours to the service, and a line each way. */
class Link {
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #lines: readonly TcpLine[];

  constructor(client: Socket, upstream: Endpoint, weather: LinkWeather, owner: LinkOwner) {
    const service = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    this.#client = client;
    this.#service = service;
    this.#lines = [new TcpLine(client, service, weather, owner), new TcpLine(service, client, weather, owner)];
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      // A broken connection is broken for both ends; 'close' follows every error.
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        if (!client.destroyed || !service.destroyed) return;
        for (const line of this.#lines) line.close();
        owner.closed();
      });
    }
  }

  get heldBytes(): number {
    return this.#lines.reduce((sum, line) => sum + line.heldBytes, 0);
  }

  setWeather(weather: LinkWeather): void {
    for (const line of this.#lines) line.setWeather(weather);
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#service.resetAndDestroy();
  }

  destroy(): void {
    this.#client.destroy();
    this.#service.destroy();
  }
}

const relays = new Map<string, Interception<TcpRelay>>();

/**
 * The place for a relay on the link towards a service. The same one for every fault on that link, so that a scenario
 * with several of them puts a single relay there.
 */
export function relayTowards(service: string): Interception<TcpRelay> {
  const known = relays.get(service);
  if (known) return known;
  const interception = { to: service, open: (upstream: Endpoint, listen: string) => TcpRelay.open(upstream, listen) };
  relays.set(service, interception);
  return interception;
}
