/** The crowd that buys everything there is: a new user each time, each as much as allowed, until nothing is left. */
import type { Journey, Visitor } from '../journey.ts';
import { buy } from './buyers.ts';

const ITEMS = 10;
const PER_USER = 10;

/**
 * Buys ten, trying the next item where one is sold out. Outcome 'purchased', 'SOLD_OUT' when that is what every item
 * answered in turn, or the first other error code.
 */
export function* rusher(visitor: Visitor): Journey {
  const user = `rusher-${visitor.number}`;
  let item = visitor.random.integer(1, ITEMS);
  let soldOut = 0;
  for (let bought = 0; bought < PER_USER; ) {
    const outcome = yield* buy(visitor, user, item);
    if (outcome === 'purchased') {
      bought += 1;
      soldOut = 0;
    } else if (outcome === 'SOLD_OUT' && soldOut < ITEMS - 1) {
      soldOut += 1;
      item = (item % ITEMS) + 1;
    } else {
      return outcome;
    }
  }
  return 'purchased';
}
