/**
 * One connection of autocannon, and the visitor who is on it. It has one request out at a time, and knows of each
 * whether it was answered.
 *
 * Ending without cutting a request off: a connection may be told how many requests it may make (the way autocannon ends
 * by itself when it was given an `amount`); it then closes when the last answer is in. autocannon does not tidy up after
 * a connection that broke in the middle of an answer (its parser and its queue keep the torn half), so that is done here.
 */
import type cannon from 'autocannon';
import { Answer, type Ask, headersOf, type Journey } from './journey.ts';
import type { Tally } from './tally.ts';

/** autocannon's client, with the fields beyond its types that exact counting needs (autocannon 9, lib/httpClient.js). */
export interface Connection extends cannon.Client {
  /** Requests it may make; 0 for no limit. */
  responseMax: number;
  readonly reqsMade: number;
  readonly parser: { initialize(type: 'RESPONSE'): void };
  readonly pipelinedRequests: { clear(): void };
}

/** Where visitors come from, and what becomes of them. */
export interface LaneOwner {
  begin(): Journey;
  /** Whether no visitor follows one who ended like this. */
  isLast(outcome: string): boolean;
  failed(error: unknown): void;
}

/**
 * autocannon dials again at once when a connection fails, thousands of times a second where nothing listens. A lane that
 * never gets an answer gives up.
 */
const LOSSES_IN_A_ROW = 100;

export class Lane {
  readonly ended: Promise<void>;
  readonly #connection: Connection;
  readonly #owner: LaneOwner;
  readonly #tally: Tally;
  #journey: Journey;
  #ask: Ask | undefined;
  #sentAt: number | undefined;
  #draining = false;
  #losses = 0;

  constructor(connection: Connection, owner: LaneOwner, tally: Tally) {
    this.#connection = connection;
    this.#owner = owner;
    this.#tally = tally;
    this.#journey = owner.begin();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    // Both events exist and are not in autocannon's types.
    const events: NodeJS.EventEmitter = connection;
    events.on('request', () => this.#sending());
    events.on('done', resolve);
    this.#go(this.#journey.next());
  }

  /** The journey under way goes on to its end; none follows. */
  drain(): void {
    this.#draining = true;
    this.#allow(0);
  }

  /** What is still out stays unanswered. */
  abandon(): void {
    if (this.#sentAt !== undefined) this.#lost();
  }

  /** autocannon is about to write the current request. If one is still out, it was lost with its connection. */
  #sending(): void {
    if (this.#sentAt !== undefined) {
      this.#lost();
      this.#connection.parser.initialize('RESPONSE');
      this.#connection.pipelinedRequests.clear();
      this.#journey = this.#owner.begin();
      this.#go(this.#journey.next());
      this.#losses += 1;
      if (this.#losses >= LOSSES_IN_A_ROW) this.#allow(1);
    }
    this.#sentAt = performance.now();
  }

  #lost(): void {
    this.#sentAt = undefined;
    this.#tally.unanswered();
    this.#journey.return('UNANSWERED');
    this.#tally.ended('UNANSWERED');
  }

  #answered(status: number, body: string): void {
    if (this.#ask === undefined || this.#sentAt === undefined) return;
    this.#tally.answered(this.#ask, status, performance.now() - this.#sentAt);
    this.#sentAt = undefined;
    this.#losses = 0;
    try {
      this.#go(this.#journey.next([new Answer(status, body)]));
    } catch (error) {
      this.#owner.failed(error);
      this.#allow(0);
    }
  }

  #go(step: ReturnType<Journey['next']>): void {
    if (!step.done) {
      this.#prepare(step.value);
      return;
    }
    this.#tally.ended(step.value);
    if (this.#owner.isLast(step.value)) {
      this.#allow(0);
    } else {
      this.#journey = this.#owner.begin();
      this.#go(this.#journey.next());
    }
  }

  #prepare([ask, second]: readonly Ask[]): void {
    if (ask === undefined || second !== undefined) {
      throw new Error('a connection has one request out at a time, and this journey sends several at once; use at()');
    }
    this.#ask = ask;
    if (this.#draining) this.#allow(1);
    this.#connection.setRequests([
      {
        method: ask.method,
        path: ask.path,
        headers: headersOf(ask),
        ...(ask.body === undefined
          ? {}
          : { body: typeof ask.body === 'string' ? ask.body : Buffer.from(ask.body.buffer) }),
        onResponse: (status, body) => this.#answered(status, body),
      },
    ]);
  }

  /** How many more requests it may make before it closes. */
  #allow(more: number): void {
    this.#connection.responseMax = Math.max(1, this.#connection.reqsMade + more);
  }
}
