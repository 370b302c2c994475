/** Every statement the service sends, with its labels. */
import type { Statement } from '../telemetry/postgres.ts';

export const statements = {
  checkout: {
    name: 'checkout',
    text: 'SELECT outcome, sale, expires FROM checkout($1, $2, $3, $4)',
    queryType: 'insert',
    table: 'reservations',
  },
  purchase: {
    name: 'purchase',
    text: 'SELECT outcome, sale, item, purchased FROM purchase($1)',
    queryType: 'insert',
    table: 'purchases',
  },
  sweep: {
    name: 'sweep',
    text: 'SELECT sale, item, returned FROM sweep($1)',
    queryType: 'update',
    table: 'reservations',
  },
  scheduleSale: {
    name: 'schedule_sale',
    text: 'SELECT schedule_sale($1, $2, $3, $4, $5) AS scheduled',
    queryType: 'insert',
    table: 'sales',
  },
  /** The running sale and the ones after it. */
  sales: {
    name: 'sales',
    text: `SELECT s.id, s.starts_at, s.ends_at, s.user_limit, i.items
           FROM sales s
           CROSS JOIN LATERAL (
             SELECT json_agg(json_build_object(
               'item_id', item_id, 'name', name, 'tagline', tagline, 'price_cents', price_cents,
               'stock', stock, 'reserved', reserved, 'sold', sold) ORDER BY item_id) AS items
             FROM items WHERE sale_id = s.id
           ) i
           WHERE s.ends_at > clock_timestamp()
           ORDER BY s.starts_at
           LIMIT 2`,
    queryType: 'select',
    table: 'sales',
  },
} as const satisfies Record<string, Statement>;
