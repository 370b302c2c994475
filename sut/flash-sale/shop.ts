/** Checkout and purchase. Each is one statement in the database; Redis only spares it work. */
import type { MeteredPool } from '../telemetry/postgres.ts';
import type { Board, Returned } from './board.ts';
import { newCode } from './codes.ts';
import { ServiceError } from './errors.ts';
import type { FastPath } from './fast-path.ts';
import type { Locks } from './lock.ts';
import { statements } from './statements.ts';
import type { SaleRecorder } from './telemetry.ts';

/** How long an item may count as sold out on the marker's word: the longest a lost deletion can hide returned units. */
const SOLD_OUT_MS = 1_000;
/** How long a receipt is answered from the cache; afterwards from the database. */
const RECEIPT_MS = 600_000;

export interface Reservation {
  readonly code: string;
  readonly item_id: number;
  /** ISO 8601. */
  readonly expires_at: string;
}

export interface Receipt {
  readonly code: string;
  readonly item_id: number;
  readonly purchased_at: string;
}

export interface ShopOptions {
  readonly database: MeteredPool;
  readonly fastPath: FastPath;
  readonly locks: Locks;
  readonly recorder: SaleRecorder;
  /** Milliseconds. */
  readonly reservationTtlMs: number;
}

interface CheckoutRow {
  readonly outcome: 'OK' | 'SALE_CLOSED' | 'ITEM_UNKNOWN' | 'LIMIT_REACHED' | 'SOLD_OUT';
  readonly sale: string | null;
  readonly expires: Date;
}

interface PurchaseRow {
  readonly outcome: 'OK' | 'REPEATED' | 'CODE_UNKNOWN' | 'CODE_EXPIRED';
  readonly item: number;
  readonly purchased: Date;
}

const soldOutKey = (saleId: number, itemId: number) => `flash-sale:sold-out:${saleId}:${itemId}`;
const receiptKey = (code: string) => `flash-sale:receipt:${code}`;

export class Shop {
  readonly #options: ShopOptions;

  constructor(options: ShopOptions) {
    this.#options = options;
  }

  /**
   * Reserves a unit. `board` tells which sale's sold-out marker to look at. Throws a ServiceError: SOLD_OUT,
   * LIMIT_REACHED, SALE_CLOSED, ITEM_UNKNOWN, or LOCK_BUSY where the same user has another checkout under way.
   */
  async checkout(board: Board, userId: string, itemId: number): Promise<Reservation> {
    const { recorder, fastPath, locks } = this.#options;
    recorder.checkoutAttempt();
    const sale = board.running();
    if (sale !== undefined && (await fastPath.get(soldOutKey(sale.id, itemId)))) throw refusals.SOLD_OUT();
    const reservation = await locks.holding('checkout', userId, () => this.#reserve(userId, itemId));
    if (reservation === 'busy') {
      throw new ServiceError('LOCK_BUSY', 'Another checkout of yours is being processed. Try again in a moment.');
    }
    return reservation;
  }

  /**
   * Buys what a code reserved. Asking again after success answers the same receipt and changes nothing, for as long as
   * the sale's books are kept. Throws a ServiceError: CODE_UNKNOWN or CODE_EXPIRED.
   */
  async purchase(code: string): Promise<Receipt> {
    const { database, fastPath, recorder } = this.#options;
    recorder.purchaseAttempt();
    // Receipts are written after the commit and never change, so a cached one is as good as the database's.
    const cached = await fastPath.get(receiptKey(code));
    if (cached) return JSON.parse(cached) as Receipt;

    const [row] = await database.query<PurchaseRow>(statements.purchase, [code]);
    if (row === undefined) throw new Error('purchase() returned no row');
    if (row.outcome === 'CODE_UNKNOWN' || row.outcome === 'CODE_EXPIRED') throw refusals[row.outcome]();
    if (row.outcome === 'OK') recorder.purchaseSuccess();
    const receipt = { code, item_id: row.item, purchased_at: row.purchased.toISOString() };
    // Nobody waits for the cache to be filled.
    void fastPath.set(receiptKey(code), JSON.stringify(receipt), RECEIPT_MS);
    return receipt;
  }

  /** Takes back the sold-out markers of items that have units again. */
  async unmark(returned: readonly Returned[]): Promise<void> {
    await this.#options.fastPath.delete(...returned.map(({ saleId, itemId }) => soldOutKey(saleId, itemId)));
  }

  async #reserve(userId: string, itemId: number): Promise<Reservation> {
    const { database, fastPath, recorder, reservationTtlMs } = this.#options;
    const code = newCode();
    const [row] = await database.query<CheckoutRow>(statements.checkout, [code, userId, itemId, reservationTtlMs]);
    if (row === undefined) throw new Error('checkout() returned no row');
    if (row.outcome !== 'OK') {
      if (row.outcome === 'SOLD_OUT') await fastPath.set(soldOutKey(Number(row.sale), itemId), '1', SOLD_OUT_MS);
      throw refusals[row.outcome]();
    }
    recorder.checkoutSuccess();
    return { code, item_id: itemId, expires_at: row.expires.toISOString() };
  }
}

/** What a customer is told when the books say no. */
const refusals = {
  SOLD_OUT: () => new ServiceError('SOLD_OUT', 'This item is sold out. Units whose reservation expires come back.'),
  LIMIT_REACHED: () => new ServiceError('LIMIT_REACHED', 'You have reserved or bought as much as one customer may.'),
  SALE_CLOSED: () => new ServiceError('SALE_CLOSED', 'Nothing is on sale at the moment.'),
  ITEM_UNKNOWN: () => new ServiceError('ITEM_UNKNOWN', 'The running sale has no such item.'),
  CODE_UNKNOWN: () => new ServiceError('CODE_UNKNOWN', 'There is no reservation with this code.'),
  CODE_EXPIRED: () => new ServiceError('CODE_EXPIRED', 'This reservation has expired and its item is back on sale.'),
} as const;
