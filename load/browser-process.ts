/**
 * The shoppers' own process: one Chromium, and a fresh context (no cookies, no bag, nobody known) for each visit. Visits
 * begin at their arrival rate whether or not earlier ones have ended; a machine holds few browsers' pages at once, so what
 * is due beyond the capacity is dropped and reported. It says what thread-worker.ts says, and each visit beside it.
 */
import { mkdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { messageOf } from '../harness/errors.ts';
import type { LoadTarget, LoadTick, LoadTotals, Visit } from '../harness/load.ts';
import { CHROMIUM_ARGS } from './chromium.ts';
import type { JourneyReference } from './journey.ts';
import { pace } from './pacer.ts';
import { random } from './random.ts';
import { type RatePlan, schedule } from './schedule.ts';
import type { Shopping } from './shopping.ts';
import { Tally } from './tally.ts';
import { Turnstile } from './turnstile.ts';

export interface BrowserAssignment {
  readonly executable: string;
  readonly rate: RatePlan;
  /** Visits at once at the most. */
  readonly capacity: number;
  readonly patienceMs: number;
  readonly shopping: JourneyReference;
  readonly target: LoadTarget;
}

/** The only things it is told are its assignment and then 'stop'. */
export type BrowserReport =
  | { readonly type: 'started' }
  | { readonly type: 'tick'; readonly tick: LoadTick }
  | { readonly type: 'visit'; readonly visit: Visit }
  | { readonly type: 'totals'; readonly totals: LoadTotals }
  | { readonly type: 'failed'; readonly why: string };

/** Chromium takes what processor time it gets. The system under test must not be starved by those who look at it. */
const NICENESS = constants.priority.PRIORITY_BELOW_NORMAL;
const TICK_MS = 250;
const VIEW = { width: 1100, height: 720 } as const;

const report = (message: BrowserReport): void => {
  if (process.connected) process.send?.(message);
};
/** Playwright's messages go on with a log of its calls, which is for the log file. */
function failed(error: unknown): void {
  console.error(error);
  report({ type: 'failed', why: messageOf(error).split('\n')[0] ?? '' });
}
setPriority(NICENESS);
// Whoever started us is gone, however that came: Chromium goes with us.
process.once('disconnect', () => process.exit());
process.once('message', (assignment: BrowserAssignment) => {
  work(assignment).catch(failed);
});

async function work(assignment: BrowserAssignment): Promise<void> {
  const { executable, rate, capacity, target, shopping: reference } = assignment;
  const shopping = await load(reference);
  const browser = await chromium.launch({
    executablePath: executable,
    args: [...CHROMIUM_ARGS],
    // Ctrl-C is the harness' business; it lets visits end first.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  let closing = false;
  browser.once('disconnected', () => {
    if (!closing) report({ type: 'failed', why: 'Chromium ended by itself' });
  });
  const tally = new Tally();
  const mall = new Mall(browser, shopping, assignment, tally);
  const inside = new Set<Promise<void>>();
  const pacer = pace(schedule(rate, target.speed), (number, due) => {
    if (inside.size >= capacity) return tally.dropped();
    tally.started(performance.now() - due);
    const visit = mall
      .visit(number)
      .catch(failed)
      .finally(() => inside.delete(visit));
    inside.add(visit);
  });
  const ticking = setInterval(() => report({ type: 'tick', tick: tally.tick() }), TICK_MS);
  report({ type: 'started' });

  process.once('message', async () => {
    pacer.stop();
    await Promise.all(inside);
    clearInterval(ticking);
    closing = true;
    await browser.close();
    report({ type: 'tick', tick: tally.tick() });
    report({ type: 'totals', totals: tally.totals() });
  });
}

/** Where visits take place. */
class Mall {
  readonly #browser: Browser;
  readonly #shopping: Shopping;
  readonly #assignment: BrowserAssignment;
  readonly #tally: Tally;
  /** Outcomes of which there is a picture: the first purchase, and the first that failed. */
  readonly #pictured = new Set<string>();

  constructor(browser: Browser, shopping: Shopping, assignment: BrowserAssignment, tally: Tally) {
    this.#browser = browser;
    this.#shopping = shopping;
    this.#assignment = assignment;
    this.#tally = tally;
  }

  async visit(number: number): Promise<void> {
    const { target, patienceMs } = this.#assignment;
    const context = await this.#browser.newContext({ viewport: VIEW, locale: 'en', colorScheme: 'light' });
    try {
      const page = await context.newPage();
      const turnstile = new Turnstile(target.url, this.#shopping, this.#tally);
      await turnstile.watch(context, page);
      const pageErrors: string[] = [];
      page.on('pageerror', (error) => pageErrors.push(error.message));
      const began = Date.now();
      const seen = await this.#shopping.visit(page, {
        url: target.url,
        random: random(target.seed, number),
        patienceMs,
      });
      const at = Date.now();
      const picture = await this.#picture(seen.outcome === 'bought' ? 'bought' : 'failed', (path) =>
        page.screenshot({ path, animations: 'disabled' }),
      );
      this.#tally.ended(seen.outcome);
      report({
        type: 'visit',
        visit: {
          at,
          began,
          number,
          ...seen,
          pageErrors: [...pageErrors],
          ...(picture === undefined ? {} : { picture }),
        },
      });
      await turnstile.close();
    } finally {
      await context.close();
    }
  }

  /**
   * The picture's path within the run's folder, where one was taken. A visit counts without it: Chromium takes none of a
   * page that it is just replacing. The next visit of that outcome tries again.
   */
  async #picture(name: string, take: (path: string) => Promise<unknown>): Promise<string | undefined> {
    const { keepIn } = this.#assignment.target;
    if (keepIn === undefined || this.#pictured.has(name)) return undefined;
    this.#pictured.add(name);
    const picture = `shoppers/${name}.png`;
    try {
      await mkdir(join(keepIn, 'shoppers'), { recursive: true });
      await take(join(keepIn, picture));
      return picture;
    } catch (error) {
      console.error(error);
      this.#pictured.delete(name);
      return undefined;
    }
  }
}

async function load({ module, name }: JourneyReference): Promise<Shopping> {
  const found: unknown = Reflect.get(await import(module), name);
  if (typeof found !== 'object' || found === null) throw new Error(`${module} exports no shopping called ${name}`);
  return found as Shopping;
}
