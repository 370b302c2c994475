/** Claims about the system's own data that no fault may break, judged from the three books: drivers, /metrics, database. */
import type { Judgement } from '../harness/expectation.ts';
import type { Books, Invariant, MetricSample } from '../harness/invariant.ts';
import { explain } from './explain.ts';

type Facts = Readonly<Record<string, unknown>>;

function invariant(
  name: string,
  expected: string,
  observe: (books: Books) => Facts,
  findings: (facts: Facts) => readonly string[] | undefined,
  held: (facts: Facts) => string,
): Invariant {
  return {
    name,
    observe,
    judge: (facts): Judgement => {
      const wrong = findings(facts);
      if (wrong === undefined)
        return explain({
          verdict: 'unknown',
          headline: `${name}: cannot be told`,
          expected,
          received: `the books lack what it needs: ${JSON.stringify(facts)}`,
        });
      if (wrong.length > 0)
        return explain({ verdict: 'broken', headline: `${name}: broken`, expected, received: wrong.join('; ') });
      return explain({ verdict: 'held', headline: name, expected, received: held(facts) });
    },
  };
}

const number = (facts: Facts, name: string): number | undefined =>
  typeof facts[name] === 'number' ? facts[name] : undefined;

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
    (facts) => {
      const checks = BALANCES.map((name) => [name, number(facts, name)] as const);
      if (checks.some(([, value]) => value === undefined)) return undefined;
      return checks.filter(([, value]) => value !== 0).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`);
    },
    (facts) => `${facts.reservations} reservations, ${facts.purchases} purchases`,
  );

/** Every purchase that a visitor was told of is in the database. Holds across crashes. */
export const nothingLost = (): Invariant =>
  invariant(
    'nothing acknowledged is lost',
    'every purchase code that was acknowledged is in the database',
    ({ load, ledger }) => {
      const kept = new Set(ledger.receipts);
      const receipts = load.flatMap((totals) => totals.receipts);
      const lost = receipts.filter((code) => !kept.has(code));
      return { acknowledged: receipts.length, lost: lost.length, examples: lost.slice(0, 5) };
    },
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
    ({ load, metrics, ledger }) => {
      const differences = compareAnswers(load, metrics);
      const told = load.reduce((sum, totals) => sum + totals.receipts.length, 0);
      const counted = sumOf(metrics, 'purchase_success_total');
      const unanswered = load.reduce((sum, totals) => sum + totals.unanswered, 0);
      return {
        requests: load.reduce((sum, totals) => sum + totals.answers.reduce((all, { count }) => all + count, 0), 0),
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

function compareAnswers(load: Books['load'], metrics: readonly MetricSample[]): string[] {
  const driver = new Map<string, number>();
  for (const { handler, method, status, count } of load.flatMap((totals) => totals.answers)) {
    const key = `${method} ${handler} ${status}`;
    driver.set(key, (driver.get(key) ?? 0) + count);
  }
  const handlers = new Set(load.flatMap((totals) => totals.answers.map(({ handler }) => handler)));
  const server = new Map<string, number>();
  for (const { name, labels, value } of metrics) {
    if (name !== 'http_requests_total' || !handlers.has(labels.handler ?? '') || value === 0) continue;
    server.set(`${labels.method} ${labels.handler} ${labels.status_code}`, value);
  }
  return [...new Set([...driver.keys(), ...server.keys()])]
    .filter((key) => (driver.get(key) ?? 0) !== (server.get(key) ?? 0))
    .map(
      (key) => `${key}: the driver counted ${driver.get(key) ?? 0}, http_requests_total says ${server.get(key) ?? 0}`,
    );
}

function sumOf(metrics: readonly MetricSample[], name: string): number | null {
  const own = metrics.filter((sample) => sample.name === name);
  return own.length === 0 ? null : own.reduce((sum, { value }) => sum + value, 0);
}

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
