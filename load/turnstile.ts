/**
 * Counts what a page asks of the system, to the unit. Every request passes here on its way out: once the turnstile is
 * closed none goes out any more, and those that went are waited for. A page that polls could otherwise be cut off in the
 * middle of a request that the system counts and we do not.
 */
import type { BrowserContext, Page, Request } from 'playwright-core';
import type { Shopping } from './shopping.ts';
import type { Tally } from './tally.ts';

/** Longer than any answer of a system that answers at all; what is still out then counts as unanswered. */
const ANSWER_WITHIN_MS = 35_000;

/** The page was closed before it could be refused. */
const gone = (): void => {};

export class Turnstile {
  readonly #origin: string;
  readonly #shopping: Shopping;
  readonly #tally: Tally;
  readonly #out = new Map<Request, number>();
  #page: Page | undefined;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(url: string, shopping: Shopping, tally: Tally) {
    this.#origin = new URL(url).origin;
    this.#shopping = shopping;
    this.#tally = tally;
  }

  /** Before the page is opened. */
  async watch(context: BrowserContext, page: Page): Promise<void> {
    this.#page = page;
    page.on('requestfinished', (request) => void this.#answered(request));
    page.on('requestfailed', (request) => this.#back(request, () => this.#tally.unanswered()));
    await context.route('**/*', async (route) => {
      const request = route.request();
      if (this.#closed || new URL(request.url()).origin !== this.#origin) return route.abort().catch(gone);
      this.#out.set(request, performance.now());
      await route.continue().catch(() => this.#back(request, () => this.#tally.unanswered()));
    });
  }

  /** No request goes out any more; resolves when every one that did is counted, with nothing left on the page. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#out.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const timer = setTimeout(resolve, ANSWER_WITHIN_MS);
      await promise;
      clearTimeout(timer);
    }
    for (const request of this.#out.keys()) this.#back(request, () => this.#tally.unanswered());
    // A request still held up here when its context is closed is let through by Chromium; with its page it ends.
    await this.#page?.goto('about:blank', { timeout: ANSWER_WITHIN_MS }).catch(gone);
  }

  async #answered(request: Request): Promise<void> {
    const response = await request.response().catch(() => null);
    this.#back(request, (sentAt) => {
      if (response === null) return this.#tally.unanswered();
      const path = new URL(request.url()).pathname;
      const handler = this.#shopping.handlers[path] ?? 'unmatched';
      const method = request.method();
      const { responseEnd } = request.timing();
      const latency = responseEnd > 0 ? responseEnd : performance.now() - sentAt;
      this.#tally.answered({ handler, method }, response.status(), latency);
      const body = request.postData() ?? undefined;
      const receipt = this.#shopping.receiptOf({ handler, status: response.status(), body });
      if (receipt !== undefined) this.#tally.acknowledged(receipt);
    });
  }

  /** Once for each request that went out. */
  #back(request: Request, count: (sentAt: number) => void): void {
    const sentAt = this.#out.get(request);
    if (sentAt === undefined) return;
    this.#out.delete(request);
    count(sentAt);
    if (this.#out.size === 0) this.#idle?.();
  }
}
