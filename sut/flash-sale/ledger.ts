/** The shop's books, read for an audit: counted from the rows themselves, never from the counters it keeps as it goes. */
import type { Client } from 'pg';

/** Over all sales there have been. */
export interface Ledger {
  readonly counts: {
    readonly sales: number;
    /** Units put on sale. */
    readonly stock: number;
    /** Units sold, as the items' own counters have it. */
    readonly sold: number;
    readonly purchases: number;
    /** Reservations ever made, and those of them still held. */
    readonly reservations: number;
    readonly reserved_active: number;
    readonly reservations_expired: number;
    /** Items with more purchases and held reservations than stock. Must be 0, as everything below. */
    readonly oversold_items: number;
    /** Users with more purchases and held reservations in a sale than its limit. */
    readonly users_over_limit: number;
    readonly purchases_without_reservation: number;
    /** Reservations marked as purchased that no purchase belongs to. */
    readonly reservations_without_purchase: number;
    /** Items whose counters differ from their rows. */
    readonly items_with_wrong_counts: number;
    /** Users whose used limit differs from their rows. */
    readonly users_with_wrong_counts: number;
  };
  /** The code of every purchase. */
  readonly receipts: readonly string[];
}

/** All in one statement, so that it sees one moment of the database. */
const COUNTS = `
WITH by_item AS (
  SELECT sale_id, item_id, count(*) FILTER (WHERE status = 'held') AS held,
         count(*) FILTER (WHERE status = 'purchased') AS purchased
  FROM reservations GROUP BY 1, 2
), bought AS (
  SELECT sale_id, item_id, count(*) AS n FROM purchases GROUP BY 1, 2
), used AS (
  SELECT sale_id, user_id, count(*) AS n FROM (
    SELECT sale_id, user_id FROM reservations WHERE status = 'held'
    UNION ALL SELECT sale_id, user_id FROM purchases
  ) each_unit GROUP BY 1, 2
)
SELECT
  (SELECT count(*) FROM sales) AS sales,
  (SELECT coalesce(sum(stock), 0) FROM items) AS stock,
  (SELECT coalesce(sum(sold), 0) FROM items) AS sold,
  (SELECT count(*) FROM purchases) AS purchases,
  (SELECT count(*) FROM reservations) AS reservations,
  (SELECT coalesce(sum(held), 0) FROM by_item) AS reserved_active,
  (SELECT count(*) FROM reservations WHERE status = 'expired') AS reservations_expired,
  (SELECT count(*) FROM items i LEFT JOIN by_item r USING (sale_id, item_id) LEFT JOIN bought b USING (sale_id, item_id)
    WHERE coalesce(r.held, 0) + coalesce(b.n, 0) > i.stock) AS oversold_items,
  (SELECT count(*) FROM used u JOIN sales s ON s.id = u.sale_id WHERE u.n > s.user_limit) AS users_over_limit,
  (SELECT count(*) FROM purchases p WHERE NOT EXISTS
    (SELECT FROM reservations r WHERE r.code = p.code AND r.status = 'purchased'
      AND (r.sale_id, r.item_id, r.user_id) = (p.sale_id, p.item_id, p.user_id))) AS purchases_without_reservation,
  (SELECT count(*) FROM reservations r WHERE r.status = 'purchased' AND NOT EXISTS
    (SELECT FROM purchases p WHERE p.code = r.code)) AS reservations_without_purchase,
  (SELECT count(*) FROM items i LEFT JOIN by_item r USING (sale_id, item_id) LEFT JOIN bought b USING (sale_id, item_id)
    WHERE i.reserved <> coalesce(r.held, 0) OR i.sold <> coalesce(b.n, 0)) AS items_with_wrong_counts,
  (SELECT count(*) FROM allowances a LEFT JOIN used u USING (sale_id, user_id)
    WHERE a.held <> coalesce(u.n, 0)) AS users_with_wrong_counts`;

/** Reads the books over an open connection. Throws the driver's error. */
export async function readLedger(client: Client): Promise<Ledger> {
  const { rows } = await client.query<Record<keyof Ledger['counts'], string>>(COUNTS);
  const { rows: purchases } = await client.query<{ code: string }>('SELECT code FROM purchases ORDER BY code');
  const counts = Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]));
  return { counts: counts as Ledger['counts'], receipts: purchases.map(({ code }) => code) };
}
