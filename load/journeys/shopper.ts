/**
 * A shopper of the flash sale: opens the storefront, reserves something and buys it, by what the page says and shows
 * (roles and their names), as a person with or without a screen reader would. Nothing here knows how the page is made.
 */
import { errors, type Locator, type Page } from 'playwright-core';
import type { Asked, Seen, Shopper, Shopping } from '../shopping.ts';

export const shopper: Shopping = {
  handlers: { '/': 'storefront', '/sale': 'sale', '/checkout': 'checkout', '/purchase': 'purchase' },
  receiptOf,
  visit: (page, who) => new Errand(page, who).run(),
};

function receiptOf({ handler, status, body }: Asked): string | undefined {
  if (handler !== 'purchase' || status !== 200 || body === undefined) return undefined;
  const { code } = JSON.parse(body) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** One visit. A step either goes on to the next, or ends it with what the page said. */
class Errand {
  readonly #page: Page;
  readonly #who: Shopper;
  readonly #alert: Locator;
  readonly #bag: Locator;
  readonly #began = performance.now();
  #step: Seen['step'] = 'open';
  #usableMs: number | null = null;
  #clicked: number | undefined;

  constructor(page: Page, who: Shopper) {
    this.#page = page;
    this.#who = who;
    this.#alert = page.getByRole('alert');
    this.#bag = page.getByRole('complementary', { name: 'Your bag' });
    page.setDefaultTimeout(who.patienceMs);
  }

  async run(): Promise<Seen> {
    try {
      return (await this.#open()) ?? (await this.#reserve()) ?? (await this.#buy());
    } catch (error) {
      if (error instanceof errors.TimeoutError) return this.#end('gave up', await this.#reading());
      // What a browser shows in place of a page it cannot get.
      const unreachable = error instanceof Error ? /net::(ERR_\w+)/.exec(error.message)?.[1] : undefined;
      if (unreachable !== undefined) return this.#end('refused', unreachable);
      throw error;
    }
  }

  async #open(): Promise<Seen | undefined> {
    await this.#page.goto(this.#who.url, { waitUntil: 'commit' });
    const offers = this.#page.getByRole('button', { name: /^Reserve / });
    const closed = this.#page.getByText('Nothing is on sale right now');
    await this.#either(offers, this.#alert, closed);
    if (!(await offers.first().isVisible())) {
      const message = (await this.#reading()) || (await closed.innerText());
      return this.#end('refused', message);
    }
    if ((await this.#offers().count()) === 0) {
      return this.#end('refused', await this.#page.getByRole('heading', { level: 1 }).innerText());
    }
    this.#usableMs = performance.now() - this.#began;
    return undefined;
  }

  async #reserve(): Promise<Seen | undefined> {
    this.#step = 'reserve';
    const offers = this.#offers();
    const wanted = offers.nth(this.#who.random.integer(0, Math.max(0, (await offers.count()) - 1)));
    this.#clicked = performance.now();
    await wanted.click();
    await this.#either(this.#bag.getByRole('button', { name: /^Buy / }), this.#alert);
    return this.#refusal();
  }

  async #buy(): Promise<Seen> {
    this.#step = 'buy';
    await this.#bag.getByRole('button', { name: /^Buy / }).click();
    await this.#either(this.#bag.getByText('✓ Bought', { exact: true }), this.#alert);
    return (await this.#refusal()) ?? this.#end('bought', '');
  }

  #offers(): Locator {
    return this.#page.getByRole('button', { name: /^Reserve /, disabled: false });
  }

  /** Waits until one of them can be seen; throws a TimeoutError when patience ends. */
  async #either(first: Locator, ...others: readonly Locator[]): Promise<void> {
    await others
      .reduce((all, other) => all.or(other), first)
      .filter({ visible: true })
      .first()
      .waitFor();
  }

  async #refusal(): Promise<Seen | undefined> {
    const message = await this.#reading();
    return message === '' ? undefined : this.#end('refused', message);
  }

  /** What the page's alert says, without the number a person would only copy; '' where there is none. */
  async #reading(): Promise<string> {
    if (!(await this.#alert.isVisible())) return '';
    const text = await this.#alert.innerText();
    return text
      .replace(/Reference \S+/, '')
      .replace(/×\s*$/, '')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
      .join(': ');
  }

  #end(outcome: Seen['outcome'], message: string): Seen {
    const waitedMs = this.#clicked === undefined ? null : performance.now() - this.#clicked;
    return { outcome, step: this.#step, usableMs: this.#usableMs, waitedMs, message };
  }
}
