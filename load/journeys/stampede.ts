/** A handful of impatient users, each clicking 'buy' many times at once: they fight over the same locks. */
import type { Journey, Visitor } from '../journey.ts';

const USERS = 5;
const CLICKS = 8;
const ITEMS = 10;

/**
 * Outcome 'reserved' where at least one click came through, else the error code of the first. Nothing is bought, so that
 * the users meet the lock again and again rather than their limit.
 */
export function* stampeder(visitor: Visitor): Journey {
  const user = `stampeder-${visitor.random.integer(1, USERS)}`;
  const item = visitor.random.integer(1, ITEMS);
  const clicks = yield* visitor.postTogether(CLICKS, 'checkout', '/checkout', { user_id: user, item_id: item });
  if (clicks.some((click) => click.status === 201)) return 'reserved';
  return clicks[0]?.errorCode ?? 'NO_CLICK';
}
