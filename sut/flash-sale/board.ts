/**
 * The sale board: which sale is on, what is left of it, and the chores that keep sales coming (the schedule) and
 * abandoned reservations going (the sweep). It is a recent copy of the database for display, gauges and cache keys;
 * what may be sold is decided in the database alone.
 */
import type { Logger } from '../telemetry/logger.ts';
import type { MeteredPool } from '../telemetry/postgres.ts';
import type { Config } from './config.ts';
import type { Locks } from './lock.ts';
import { productsOfSale } from './products.ts';
import { statements } from './statements.ts';
import type { SaleProgress } from './telemetry.ts';

/** How often the board is brought up to date and overdue reservations are swept. */
const TICK_MS = 250;
/** A board older than this is read again before it is shown. */
const STALE_MS = 1_000;
/** The next sale goes on the schedule this long before the running one ends, so that there is no gap between them. */
const AHEAD_MS = 5_000;
const SWEEP_BATCH = 1_000;

export interface Item {
  readonly item_id: number;
  readonly name: string;
  readonly tagline: string;
  readonly price_cents: number;
  readonly stock: number;
  readonly reserved: number;
  readonly sold: number;
}

export interface Sale {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly userLimit: number;
  readonly items: readonly Item[];
}

interface SaleRow {
  readonly id: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly user_limit: number;
  readonly items: readonly Item[] | null;
}

/** Units that came back to an item. */
export interface Returned {
  readonly saleId: number;
  readonly itemId: number;
}

export interface BoardOptions {
  readonly config: Config;
  readonly database: MeteredPool;
  readonly locks: Locks;
  readonly logger: Logger;
  /** Called after a sweep put units back on sale. */
  readonly onReturned: (returned: readonly Returned[]) => Promise<void>;
}

export class Board {
  readonly #options: BoardOptions;
  readonly #items: string;
  #sales: readonly Sale[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();
  #stopped = false;
  #failing = false;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#items = JSON.stringify(productsOfSale(options.config.SALE_PRODUCTS, options.config.SALE_ITEMS));
  }

  /** Puts a first sale on the schedule where there is none, reads the board, and starts the chores. */
  async start(): Promise<void> {
    await this.#refresh();
    await this.#schedule();
    this.#plan();
  }

  /** Ends the chores after the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#tick;
  }

  /** The sale that is on; undefined between sales. */
  running(now = Date.now()): Sale | undefined {
    return this.#sales.find((sale) => sale.startsAt <= now && now < sale.endsAt);
  }

  /** The sale after the running one, where it is on the schedule already. */
  next(now = Date.now()): Sale | undefined {
    return this.#sales.find((sale) => sale.startsAt > now);
  }

  /** Units of the running sale, zeros between sales. */
  progress(): SaleProgress {
    const items = this.running()?.items ?? [];
    return {
      stock: items.reduce((sum, item) => sum + item.stock, 0),
      sold: items.reduce((sum, item) => sum + item.sold, 0),
    };
  }

  /** Resolves once the board is fresh enough to show. Throws DatabaseUnavailable where it cannot be. */
  async fresh(): Promise<void> {
    if (performance.now() - this.#readAt > STALE_MS) await this.#refresh();
  }

  /** Reads the sales; callers that come meanwhile share the answer. */
  #refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const rows = await this.#options.database.query<SaleRow>(statements.sales);
    this.#sales = rows.map((row) => ({
      id: Number(row.id),
      startsAt: row.starts_at.getTime(),
      endsAt: row.ends_at.getTime(),
      userLimit: row.user_limit,
      items: row.items ?? [],
    }));
    this.#readAt = performance.now();
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#tick = this.#chores().finally(() => this.#plan());
    }, TICK_MS);
  }

  async #chores(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#sweep();
      await this.#refresh();
      await this.#schedule();
      if (this.#failing) logger.info('the sale board is up to date again');
      this.#failing = false;
    } catch (error) {
      // Reported once per outage; every failed query is counted.
      if (!this.#failing) logger.error({ err: error }, 'the sale board cannot be brought up to date');
      this.#failing = true;
    }
  }

  async #schedule(): Promise<void> {
    const { config, database, locks, logger } = this.#options;
    const lastEnd = Math.max(0, ...this.#sales.map((sale) => sale.endsAt));
    if (lastEnd > Date.now() + AHEAD_MS) return;
    // The lock spares instances a queue for the same thing; the database would let only one of them in anyway.
    const scheduled = await locks.holding(
      'rotation',
      'schedule',
      () =>
        database.query<{ scheduled: boolean }>(statements.scheduleSale, [
          AHEAD_MS,
          config.SALE_PAUSE_MS,
          config.SALE_DURATION_MS,
          config.USER_LIMIT,
          this.#items,
        ]),
      1,
    );
    if (scheduled !== 'busy' && scheduled[0]?.scheduled === true) {
      await this.#refresh();
      logger.info({ sale: this.#sales.at(-1)?.id }, 'put a sale on the schedule');
    }
  }

  async #sweep(): Promise<void> {
    const { database, logger, onReturned } = this.#options;
    const rows = await database.query<{ sale: string; item: number; returned: string }>(statements.sweep, [
      SWEEP_BATCH,
    ]);
    if (rows.length === 0) return;
    const units = rows.reduce((sum, row) => sum + Number(row.returned), 0);
    logger.info({ units }, 'returned the units of expired reservations');
    await onReturned(rows.map((row) => ({ saleId: Number(row.sale), itemId: row.item })));
  }
}
