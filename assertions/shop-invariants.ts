/** Claims about the shop's own data that no fault may break. */
import type { Invariant } from '../harness/invariant.ts';
import { answersIn, differingAnswers, invariant, number, receiptsIn, sumOf, zeroes } from './books.ts';

/** No more units are sold or reserved than there are, and nobody has more than the limit. */
export const neverOversells = (): Invariant =>
  invariant(
    'never oversells',
    'no item sold or held beyond its stock, no user beyond the limit',
    ({ ledger }) => ({ ...ledger.counts }),
    (facts) => {
      const [oversold, greedy] = [number(facts, 'oversold_items'), number(facts, 'users_over_limit')];
      if (oversold === undefined || greedy === undefined) return undefined;
      return [
        ...(oversold > 0 ? [`${oversold} items are oversold`] : []),
        ...(greedy > 0 ? [`${greedy} users are over their limit`] : []),
      ];
    },
    (facts) => `${facts.purchases} sold of ${facts.stock}, none oversold`,
  );

/** Counted from the rows themselves; each must be 0. */
const BALANCES = [
  'purchases_without_reservation',
  'reservations_without_purchase',
  'items_with_wrong_counts',
  'users_with_wrong_counts',
];

/** The books of the database agree with themselves: every purchase has its reservation, every count its rows. */
export const booksBalance = (): Invariant =>
  invariant(
    'the books balance',
    'every purchase has its reservation, and every counter says what its rows say',
    ({ ledger }) => ({ ...ledger.counts }),
    (facts) => zeroes(facts, BALANCES),
    (facts) => `${facts.reservations} reservations, ${facts.purchases} purchases`,
  );

/** Every purchase that a visitor was told of is in the database. Holds across crashes. */
export const nothingLost = (): Invariant =>
  invariant(
    'nothing acknowledged is lost',
    'every purchase code that was acknowledged is in the database',
    receiptsIn,
    (facts) => {
      const lost = number(facts, 'lost');
      if (lost === undefined) return undefined;
      return lost > 0
        ? [
            `${lost} of ${facts.acknowledged} acknowledged purchases are not in the database, e.g. ${JSON.stringify(facts.examples)}`,
          ]
        : [];
    },
    (facts) => `${facts.acknowledged} acknowledged, all there`,
  );

/**
 * What the drivers counted, what /metrics says and what the database holds agree to the unit. Only for runs in which the
 * app's process lives throughout: its counters start at zero with it.
 */
export const countsAgree = (): Invariant =>
  invariant(
    'the counts agree to the unit',
    'drivers = http_requests_total, and purchases = purchase_success_total = rows in the database',
    (books) => {
      const { load, metrics, ledger } = books;
      const differences = differingAnswers(books, { handler: 'handler', status: 'status_code' });
      const told = load.reduce((sum, totals) => sum + totals.receipts.length, 0);
      const counted = sumOf(metrics, 'purchase_success_total');
      const unanswered = load.reduce((sum, totals) => sum + totals.unanswered, 0);
      return {
        requests: answersIn(books),
        differences,
        told,
        counted,
        stored: ledger.counts.purchases ?? null,
        unanswered,
      };
    },
    (facts) => {
      const { differences, told, counted, stored } = facts;
      if (!Array.isArray(differences) || stored === null || counted === null) return undefined;
      const purchases =
        told === counted && counted === stored
          ? []
          : [
              `purchases: the driver was told ${told}, purchase_success_total says ${counted}, the database holds ${stored}`,
            ];
      return [...(differences as string[]), ...purchases];
    },
    (facts) => `${facts.requests} requests and ${facts.stored} purchases agree`,
  );

/** Exactly this many were sold: the whole stock, to the last unit. */
export const sellsExactly = (units: number): Invariant =>
  invariant(
    `sells exactly ${units}`,
    `${units} purchases, no more and no fewer`,
    ({ ledger }) => ({ ...ledger.counts }),
    (facts) => {
      const purchases = number(facts, 'purchases');
      if (purchases === undefined) return undefined;
      return purchases === units ? [] : [`${purchases} purchases`];
    },
    () => `${units} sold`,
  );
