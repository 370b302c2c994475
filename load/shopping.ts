/** What a shopper in a browser does: the counterpart of a journey, on a page instead of on requests. */
import type { Page } from 'playwright-core';
import type { Visit } from '../harness/load.ts';
import type { Random } from './random.ts';

/** One kind of shopper, as a module exports it. */
export interface Shopping {
  /** What the app calls the handler of each path in http_requests_total: `{ '/sale': 'sale' }`. */
  readonly handlers: Readonly<Record<string, string>>;
  /** What an answered request acknowledges (a purchase code), if anything. */
  receiptOf(asked: Asked): string | undefined;
  /** Ends when the shopper bought, was refused, or gave up; rejects only where the browser itself broke down. */
  visit(page: Page, shopper: Shopper): Promise<Seen>;
}

export interface Asked {
  readonly handler: string;
  readonly status: number;
  /** The body that was sent; undefined where there was none. */
  readonly body: string | undefined;
}

export interface Shopper {
  readonly url: string;
  readonly random: Random;
  /** Real milliseconds of nothing happening after which the shopper leaves. */
  readonly patienceMs: number;
}

/** What the shopper knows at the end. */
export type Seen = Pick<Visit, 'outcome' | 'step' | 'usableMs' | 'waitedMs' | 'message'>;
