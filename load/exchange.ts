/**
 * One request and its answer, over undici's pool. On the level of undici's dispatch handlers, without the streams of its
 * `request()`: a generator's cost per request is taken from the system it loads, since they share the machine.
 */
import type { Dispatcher, Pool } from 'undici';
import { Answer, type Ask, headersOf } from './journey.ts';

/** Sent once, never again. Resolves with the answer, or with the error's code ('ECONNREFUSED') where there was none. */
export function exchange(pool: Pool, ask: Ask): Promise<Answer | string> {
  return new Promise((resolve) => {
    pool.dispatch(
      {
        method: ask.method,
        path: ask.path,
        body: ask.body ?? null,
        headers: headersOf(ask),
      },
      new AnswerHandler(resolve),
    );
  });
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #settle: (result: Answer | string) => void;
  #status = 0;
  #chunks: Buffer[] = [];

  constructor(settle: (result: Answer | string) => void) {
    this.#settle = settle;
  }

  /** undici tells a handler of the newer kind by this method. */
  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle(new Answer(this.#status, Buffer.concat(this.#chunks).toString()));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(codeOf(error));
  }
}

/** The first code among an error and its causes. */
function codeOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as NodeJS.ErrnoException;
    if (code !== undefined) return code;
  }
  return 'UNANSWERED';
}
