/**
 * A journey: what one visitor does, as a generator that yields requests and is handed their answers.
 *
 *   export function* buyer(visitor: Visitor): Journey {
 *     const reserved = yield* visitor.post('checkout', '/checkout', { user_id: 'ada', item_id: 1 });
 *     return reserved.status === 201 ? 'reserved' : reserved.errorCode;
 *   }
 *
 * Not async, on purpose: autocannon must know the next request of a connection in the same turn in which the last answer
 * came, so a promise would come too late. As a generator the same journey runs in both drivers, and without a network in
 * a test.
 */
import type { Random } from './random.ts';

/** One request; `handler` is the name it is counted under, the one the app uses in http_requests_total. */
export interface Ask {
  readonly handler: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Text is sent as JSON, unless `headers` say otherwise. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
const JSON_BODY: Readonly<Record<string, string>> = { 'content-type': 'application/json' };

/** All that is sent with it. */
export function headersOf({ body, headers }: Ask): Readonly<Record<string, string>> {
  const own = typeof body === 'string' ? JSON_BODY : NO_HEADERS;
  return headers === undefined ? own : { ...own, ...headers };
}

export class Answer {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    this.status = status;
    this.text = text;
  }

  /** The body as JSON; undefined where it is not JSON. */
  json(): unknown {
    try {
      return JSON.parse(this.text);
    } catch {
      return undefined;
    }
  }

  /** A string at the top of a JSON body; undefined where there is none. */
  field(name: string): string | undefined {
    const body = this.json();
    if (typeof body !== 'object' || body === null) return undefined;
    const value: unknown = Reflect.get(body, name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The `error_code` of the app's error shape, else 'HTTP 502'. */
  get errorCode(): string {
    return this.field('error_code') ?? `HTTP ${this.status}`;
  }
}

/** Several requests are sent at the same moment; their answers come in the order they were asked. */
type Steps = Generator<readonly Ask[], string, readonly Answer[]>;
export type Step<Result> = Generator<readonly Ask[], Result, readonly Answer[]>;

/** Ends with its outcome: 'purchased', or the error code that ended it. */
export type Journey = Steps;
export type JourneyFunction = (visitor: Visitor) => Journey;

/** Where a journey is found: the load runs in its own thread, to which functions cannot be handed. */
export interface JourneyReference {
  /** `import.meta.url` of its module. */
  readonly module: string;
  /** The name it is exported under. */
  readonly name: string;
}

export class Visitor {
  /** Counts from 0; the same number and seed make the same choices. */
  readonly number: number;
  readonly random: Random;
  readonly #acknowledged: (receipt: string) => void;
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(number: number, random: Random, acknowledged: (receipt: string) => void) {
    this.number = number;
    this.random = random;
    this.#acknowledged = acknowledged;
  }

  /** Sends this token with every request from now on. */
  logIn(token: string): void {
    this.#headers = { authorization: `Bearer ${token}` };
  }

  *get(handler: string, path: string): Step<Answer> {
    return only(yield [this.#with({ handler, method: 'GET', path })]);
  }

  *post(handler: string, path: string, body: unknown): Step<Answer> {
    return only(yield [this.#with(posting(handler, path, body))]);
  }

  /** Sends these bytes as they are. */
  *upload(handler: string, path: string, body: Uint8Array<ArrayBuffer>, type: string): Step<Answer> {
    const { headers, ...ask } = this.#with({ handler, method: 'POST', path, body });
    return only(yield [{ ...ask, headers: { ...headers, 'content-type': type } }]);
  }

  /** The same request `times` times, all at once. */
  *postTogether(times: number, handler: string, path: string, body: unknown): Step<readonly Answer[]> {
    return yield Array.from({ length: times }, () => this.#with(posting(handler, path, body)));
  }

  /** The system acknowledged this; after the run it must be in its books. */
  acknowledged(receipt: string): void {
    this.#acknowledged(receipt);
  }

  #with(ask: Ask): Ask {
    return this.#headers === undefined ? ask : { ...ask, headers: this.#headers };
  }
}

const posting = (handler: string, path: string, body: unknown): Ask => ({
  handler,
  method: 'POST',
  path,
  body: JSON.stringify(body),
});

function only(answers: readonly Answer[]): Answer {
  const [answer] = answers;
  if (answer === undefined) throw new Error('a driver resumed a journey without an answer');
  return answer;
}
