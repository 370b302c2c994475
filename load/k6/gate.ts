/** Where k6 asks whether it may go on (script.ts says why): a loopback server that answers 'open', 'closed' or 'end'. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GateState } from './orders.ts';

export class Gate implements AsyncDisposable {
  /** Resolves when k6's scenarios begin. */
  readonly reached: Promise<void>;
  /** Resolves when it is closed, every VU can know it, and none has anything in flight. */
  readonly drained: Promise<void>;
  #state: GateState = 'open';
  #inUse = 0;
  /** Control's VUs that have been told 'closed': they stay, and ask again. */
  readonly #holding = new Set<string>();
  /** The most VUs that an open gate was asked with: no VU takes so many for a sign that it has closed. */
  #normal: number;
  readonly #server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://gate').searchParams;
    this.#asked(query.get('control') ?? '0', Number(query.get('active')), Number(query.get('initialized')));
    response.end(this.#state);
  });
  readonly #reach: () => void;
  readonly #drain: () => void;

  /** `planned`: the VUs that k6 has until it is short of one for control. */
  constructor(planned: number) {
    this.#normal = planned;
    const [reached, drained] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.reached = reached.promise;
    this.#reach = reached.resolve;
    this.drained = drained.promise;
    this.#drain = drained.resolve;
  }

  /** Its address. */
  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/gate`;
  }

  /** VUs of the load that were in an iteration when control last asked. */
  get inUse(): number {
    return this.#inUse;
  }

  close(): void {
    if (this.#state === 'open') this.#state = 'closed';
  }

  end(): void {
    this.#state = 'end';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #asked(control: string, active: number, initialized: number): void {
    if (this.#state === 'open') this.#normal = Math.max(this.#normal, initialized);
    if (control === '0') return;
    this.#reach();
    if (this.#state === 'closed' && this.#holding.has(control)) {
      this.#inUse = Math.max(0, active - this.#holding.size);
      if (initialized > this.#normal && this.#inUse === 0) this.#drain();
    } else {
      this.#inUse = Math.max(0, active - 1);
    }
    if (this.#state === 'closed') this.#holding.add(control);
  }
}
