/**
 * An HTTP proxy on the link towards a service. It streams both ways and leaves every request as it is, but for those that a
 * rule in force picks out: these it answers with an error, slows, cuts or leaves hanging. What it broke and what it passed,
 * it counts; that is the proof.
 */
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Interception, Interceptor } from '../harness/fault.ts';
import type { Endpoint } from '../harness/stack/service.ts';
import { forward } from './http-forward.ts';
import { type HttpRule, RuleInForce } from './http-rule.ts';

export interface HttpRelayCounters {
  /** Requests taken. */
  readonly requests: number;
  /** Those passed whole, and untouched by any rule. */
  readonly passed: number;
}

export class HttpRelay implements Interceptor {
  readonly endpoint: Endpoint;
  readonly #server: Server;
  readonly #upstream: Endpoint;
  readonly #lines = new WeakMap<Socket, Line>();
  readonly #rules = new Set<RuleInForce>();
  #counters = { requests: 0, passed: 0 };

  /** Resolves when it listens, on a free port of this address. */
  static async open(upstream: Endpoint, listen: string): Promise<HttpRelay> {
    // How long a client may take and a connection may idle is the service's to say.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, listen, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a relay without a port');
    return new HttpRelay(server, upstream, { host: address.address, port: address.port });
  }

  constructor(server: Server, upstream: Endpoint, endpoint: Endpoint) {
    this.#server = server;
    this.#upstream = upstream;
    this.endpoint = endpoint;
    server.on('connection', (socket: Socket) => this.#lines.set(socket, new Line(socket)));
    server.on('request', (request, response) => this.#take(request, response, false));
    for (const event of ['checkContinue', 'checkExpectation'] as const) {
      server.on(event, (request, response) => this.#take(request, response, true));
    }
  }

  get counters(): HttpRelayCounters {
    return { ...this.#counters };
  }

  /** In force until it is lifted. Where several match, the one that came first counts. */
  enforce(rule: HttpRule): RuleInForce {
    const inForce = new RuleInForce(rule, () => this.#rules.delete(inForce));
    this.#rules.add(inForce);
    return inForce;
  }

  async close(): Promise<void> {
    for (const rule of this.#rules) rule.lift();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    this.#counters.requests += 1;
    response.on('error', () => {});
    const line = this.#lines.get(request.socket);
    if (line === undefined) return;
    line.busy(response);
    const exchange = { request, response, expects, breakOff: () => line.reset() };
    for (const rule of this.#rules) {
      if (!rule.picks(request)) continue;
      const treatment = rule.apply(exchange);
      if (treatment) forward(exchange, this.#upstream, line.agent, treatment, () => {});
      return;
    }
    forward(exchange, this.#upstream, line.agent, {}, () => {
      this.#counters.passed += 1;
    });
  }
}

/**
 * A client's connection, and the one to the service that stands for it. What becomes of one becomes of the other, so that a
 * client never sends a request into a connection that the service has long closed, and the service can tell a connection
 * that was closed from one that broke: versitygw 1.8 takes the first for the end of a body and stores what it has.
 */
class Line {
  readonly #upstream = new LinkedAgent(() => {
    if (this.#busy === 0) this.#client.end();
  });
  readonly #client: Socket;
  #busy = 0;

  constructor(client: Socket) {
    this.#client = client;
    client.on('error', () => this.#upstream.reset());
    client.once('close', () => this.#upstream.destroy());
  }

  get agent(): Agent {
    return this.#upstream;
  }

  busy(response: ServerResponse): void {
    this.#busy += 1;
    response.once('close', () => {
      this.#busy -= 1;
    });
  }

  reset(): void {
    this.#upstream.reset();
    this.#client.resetAndDestroy();
  }
}

/** Keeps one connection to the service, and tells when it is closed. */
class LinkedAgent extends Agent {
  readonly #closed: () => void;
  #socket: Socket | undefined;

  constructor(closed: () => void) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#closed = closed;
  }

  override createConnection(...args: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const socket = super.createConnection(...args);
    socket?.once('close', this.#closed);
    if (socket instanceof Socket) this.#socket = socket;
    return socket;
  }

  reset(): void {
    this.#socket?.resetAndDestroy();
  }
}

const relays = new Map<string, Interception<HttpRelay>>();

/** The place for a relay on the link towards a service: the same one for every fault on that link. */
export function httpRelayTowards(service: string): Interception<HttpRelay> {
  const known = relays.get(service);
  if (known) return known;
  const interception = { to: service, open: (upstream: Endpoint, listen: string) => HttpRelay.open(upstream, listen) };
  relays.set(service, interception);
  return interception;
}
