/** Visitors of a flash sale: some look around first, all put an item into a reservation and buy it. */
import type { Journey, Visitor } from '../journey.ts';

/** So many that the limit per user is met rarely, as in a real sale. */
const POPULATION = 1_000_000;
const ITEMS = 10;
const LOOKS_AROUND = 0.3;

/** Outcome 'purchased', or the error code that ended it. */
export function* buyer(visitor: Visitor): Journey {
  const user = `buyer-${visitor.random.integer(1, POPULATION)}`;
  const item = visitor.random.integer(1, ITEMS);
  if (visitor.random.chance(LOOKS_AROUND)) {
    const sale = yield* visitor.get('sale', '/sale');
    if (sale.status >= 500) return sale.errorCode;
  }
  return yield* buy(visitor, user, item);
}

/** Reserves one item and buys it; the code is a receipt once the purchase is acknowledged. */
export function* buy(visitor: Visitor, user: string, item: number): Journey {
  const reserved = yield* visitor.post('checkout', '/checkout', { user_id: user, item_id: item });
  if (reserved.status !== 201) return reserved.errorCode;
  const code = reserved.field('code');
  if (code === undefined) return 'NO_CODE';
  const bought = yield* visitor.post('purchase', '/purchase', { code });
  if (bought.status !== 200) return bought.errorCode;
  visitor.acknowledged(code);
  return 'purchased';
}
