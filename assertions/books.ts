/** What invariants are made of: facts observed in the three books (drivers, /metrics, database), and judged. */
import type { Judgement } from '../harness/expectation.ts';
import type { Books, Invariant, MetricSample } from '../harness/invariant.ts';
import { explain } from './explain.ts';

export type Facts = Readonly<Record<string, unknown>>;

/**
 * `findings`: what is wrong, nothing where all is well, undefined where the facts lack what it needs. `held`: what was found
 * instead.
 */
export function invariant(
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

/** undefined where it is not a number. */
export const number = (facts: Facts, name: string): number | undefined =>
  typeof facts[name] === 'number' ? facts[name] : undefined;

/** Each of these counts must be 0. undefined where one is missing. */
export function zeroes(facts: Facts, names: readonly string[]): string[] | undefined {
  const counts = names.map((name) => [name, number(facts, name)] as const);
  if (counts.some(([, count]) => count === undefined)) return undefined;
  return counts.filter(([, count]) => count !== 0).map(([name, count]) => `${name.replaceAll('_', ' ')}: ${count}`);
}

/** What visitors were told is done, and what of it the database does not have. */
export function receiptsIn({ load, ledger }: Books): Facts {
  const kept = new Set(ledger.receipts);
  const receipts = load.flatMap((totals) => totals.receipts);
  const lost = receipts.filter((receipt) => !kept.has(receipt));
  return { acknowledged: receipts.length, lost: lost.length, examples: lost.slice(0, 5) };
}

/** The labels of http_requests_total that say what the drivers call handler and status. */
export interface RequestLabels {
  readonly handler: string;
  readonly status: string;
}

/** Answers that the drivers and http_requests_total count differently. */
export function differingAnswers({ load, metrics }: Books, labels: RequestLabels): string[] {
  const driver = new Map<string, number>();
  for (const { handler, method, status, count } of load.flatMap((totals) => totals.answers)) {
    add(driver, `${method} ${handler} ${status}`, count);
  }
  const handlers = new Set(load.flatMap((totals) => totals.answers.map(({ handler }) => handler)));
  const server = new Map<string, number>();
  for (const { name, labels: own, value } of metrics) {
    const handler = own[labels.handler] ?? '';
    if (name !== 'http_requests_total' || !handlers.has(handler) || value === 0) continue;
    add(server, `${own.method} ${handler} ${own[labels.status]}`, value);
  }
  return [...new Set([...driver.keys(), ...server.keys()])]
    .filter((key) => (driver.get(key) ?? 0) !== (server.get(key) ?? 0))
    .map(
      (key) => `${key}: the driver counted ${driver.get(key) ?? 0}, http_requests_total says ${server.get(key) ?? 0}`,
    );
}

const add = (counts: Map<string, number>, key: string, count: number) =>
  counts.set(key, (counts.get(key) ?? 0) + count);

/** Answers that the drivers have. */
export const answersIn = ({ load }: Books): number =>
  load.reduce((sum, totals) => sum + totals.answers.reduce((all, { count }) => all + count, 0), 0);

/** All series of a metric together; null where there is none. */
export function sumOf(metrics: readonly MetricSample[], name: string): number | null {
  const own = metrics.filter((sample) => sample.name === name);
  return own.length === 0 ? null : own.reduce((sum, { value }) => sum + value, 0);
}
