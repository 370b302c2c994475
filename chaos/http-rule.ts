/** Which requests an HTTP relay breaks, and how; a rule in force counts what it did. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cut, Trickle } from './http-body.ts';
import { type Exchange, lengthOf, type Treatment } from './http-forward.ts';

export interface HttpRule {
  matches(request: IncomingMessage): boolean;
  /** Of those that match, how many are broken: 0 to 1; which of them, chance says. */
  readonly share: number;
  readonly breakage: Breakage;
}

export type Breakage =
  /** Answers in the service's place, which never hears of it. */
  | { readonly kind: 'answer'; answer(request: IncomingMessage): Answer }
  /** The answer comes so much later; both bodies trickle where a rate is given. */
  | { readonly kind: 'slow'; readonly delayMs: number; readonly bytesPerSecond?: number }
  /** The connection is reset half-way through this body; where there is none, in place of the answer. */
  | { readonly kind: 'cut'; readonly body: 'request' | 'response' }
  /** Takes the request and never answers; the service never hears of it. */
  | { readonly kind: 'hang' };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RuleCounters {
  /** Requests that it broke, and those that matched and were spared. */
  readonly broken: number;
  readonly spared: number;
  /** What it held answers and bodies for in all. */
  readonly heldMs: number;
}

/** What was passed before a cut gets time to arrive: a reset overtakes it. */
const ARRIVES_WITHIN_MS = 50;

const DECK = 10;

export class RuleInForce {
  readonly #rule: HttpRule;
  readonly #lifted: () => void;
  readonly #over = new AbortController();
  readonly #hanging = new Set<Exchange>();
  #counters = { broken: 0, spared: 0, heldMs: 0 };
  /** What becomes of the next requests; true is broken. */
  #deck: boolean[] = [];

  constructor(rule: HttpRule, lifted: () => void) {
    this.#rule = rule;
    this.#lifted = lifted;
  }

  get counters(): RuleCounters {
    return { ...this.#counters };
  }

  /** No further request; what is slow goes on at full speed, what hangs is reset. */
  lift(): void {
    this.#lifted();
    this.#over.abort();
    for (const { breakOff } of this.#hanging) breakOff();
  }

  /** Whether this one is to be broken. */
  picks(request: IncomingMessage): boolean {
    if (!this.#rule.matches(request)) return false;
    if (this.#draw()) return true;
    this.#counters.spared += 1;
    return false;
  }

  /**
   * The share of every ten, in an order that is drawn anew for each: unlike single draws this has no long runs, and a phase of
   * a few dozen requests breaks as many as it says.
   */
  #draw(): boolean {
    if (this.#deck.length === 0) {
      const broken = Math.floor(this.#rule.share * DECK + Math.random());
      this.#deck = Array.from({ length: DECK }, (_, card) => card < broken);
      for (let card = DECK - 1; card > 0; card--) {
        const other = Math.floor(Math.random() * (card + 1));
        [this.#deck[card], this.#deck[other]] = [this.#deck[other] === true, this.#deck[card] === true];
      }
    }
    return this.#deck.pop() === true;
  }

  /** How it is to be passed on; undefined where it is not. */
  apply(exchange: Exchange): Treatment | undefined {
    const { breakage } = this.#rule;
    switch (breakage.kind) {
      case 'answer':
        this.#answer(exchange, breakage.answer(exchange.request));
        return undefined;
      case 'hang':
        this.#hang(exchange);
        return undefined;
      case 'slow':
        return this.#slow(breakage);
      case 'cut':
        return breakage.body === 'request' ? this.#cutRequest(exchange) : this.#cutResponse(exchange);
    }
  }

  /** Once the body was taken, for not every client listens while it speaks; one that asks first is told at once. */
  #answer({ request, response, expects }: Exchange, { status, headers, body }: Answer): void {
    const send = () => {
      if (response.destroyed) return;
      this.#counters.broken += 1;
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    };
    request.on('error', () => {});
    if (expects) {
      response.shouldKeepAlive = false;
      send();
    } else {
      request.once('end', send);
      request.resume();
    }
  }

  #hang(exchange: Exchange): void {
    const { request, response } = exchange;
    this.#counters.broken += 1;
    this.#hanging.add(exchange);
    request.on('error', () => {});
    request.resume();
    response.once('close', () => this.#hanging.delete(exchange));
  }

  #slow({ delayMs, bytesPerSecond }: Extract<Breakage, { kind: 'slow' }>): Treatment {
    this.#counters.broken += 1;
    const held = (ms: number) => {
      this.#counters.heldMs += ms;
    };
    const trickle = () => new Trickle(bytesPerSecond ?? 0, this.#over.signal, held);
    return {
      ...(bytesPerSecond === undefined ? {} : { requestBody: trickle(), responseBody: trickle }),
      beforeAnswer: async () => {
        const began = performance.now();
        await sleep(delayMs, undefined, { signal: this.#over.signal }).catch(() => {});
        held(performance.now() - began);
        return true;
      },
    };
  }

  #cutRequest(exchange: Exchange): Treatment {
    return { requestBody: new Cut(lengthOf(exchange.request), () => this.#cut(exchange)) };
  }

  #cutResponse(exchange: Exchange): Treatment {
    return {
      beforeAnswer: async (answer) => {
        const bodiless = exchange.request.method === 'HEAD' || lengthOf(answer) === 0;
        if (bodiless) this.#cut(exchange);
        return !bodiless;
      },
      responseBody: (answer) => new Cut(lengthOf(answer), () => this.#cut(exchange)),
    };
  }

  #cut({ breakOff }: Exchange): void {
    this.#counters.broken += 1;
    setTimeout(breakOff, ARRIVES_WITHIN_MS).unref();
  }
}
