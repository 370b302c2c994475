/** The traffic of the sample run: ticks and totals of its load, and the visits of its shoppers. */
import type { EventOf } from '../harness/journal.ts';
import { at, pressure, randomNumbers, STEP_MS, TIMES } from './sample-clock.ts';

export function loadEvents(faulty: boolean): EventOf<'load'>[] {
  const random = randomNumbers(42);
  const events: EventOf<'load'>[] = [];
  for (let offset: number = TIMES.boot + STEP_MS; offset <= TIMES.drained; offset += STEP_MS) {
    const share = pressure(offset, faulty, 60);
    const answered = Math.round((44 + random() * 6) * (1 - share * 0.72));
    events.push({
      type: 'load',
      at: at(offset),
      driver: faulty ? 'k6' : 'arrivals',
      description: 'buyers at 80/s',
      ...(faulty ? { inUse: Math.round(2 + share * 180) } : {}),
      tickMs: STEP_MS,
      scheduled: 20,
      started: 20,
      dropped: 0,
      answered,
      serverErrors: Math.round(answered * share * 0.25 * random()),
      unanswered: 0,
      p50: answered === 0 ? null : 9 + random() * 3 + share * 1_650,
      p95: answered === 0 ? null : 22 + random() * 9 + share * 3_900,
      max: answered === 0 ? null : 40 + random() * 30 + share * 5_200,
    });
  }
  return events;
}

/** Shoppers in a browser: they buy, are refused or lose patience under the fault, and buy again. */
export function visits(): EventOf<'visit'>[] {
  const random = randomNumbers(7);
  const events: EventOf<'visit'>[] = [];
  for (let began: number = TIMES.boot; began < TIMES.drained - 3_000; began += 900) {
    const hurt = began > TIMES.fault - 300 && began < TIMES.heal;
    const gaveUp = hurt && random() < 0.3;
    const outcome = gaveUp ? 'gave up' : hurt ? 'refused' : 'bought';
    const waitedMs = gaveUp ? 2_400 : hurt ? 600 + random() * 900 : 180 + random() * 160;
    const first = !events.some((event) => event.outcome === outcome);
    events.push({
      type: 'visit',
      at: at(began + 400 + waitedMs),
      began: at(began),
      number: events.length,
      outcome,
      step: hurt ? 'reserve' : 'buy',
      usableMs: 260 + random() * 90,
      waitedMs,
      message: outcome === 'refused' ? 'The shop is having trouble: Try again in a moment.' : '',
      pageErrors: [],
      ...(first && !gaveUp ? { picture: `shoppers/${hurt ? 'failed' : 'bought'}.png` } : {}),
    });
  }
  return events;
}
const k6Report: NonNullable<EventOf<'load-total'>['report']> = {
  program: 'k6 2.2.0',
  figures: [
    { name: 'iterations', value: 1_840, unit: '' },
    { name: 'dropped_iterations', value: 0, unit: '' },
    { name: 'http_reqs', value: 5_051, unit: '' },
    { name: 'http_req_failed', value: 0.126, unit: 'share' },
    { name: 'http_req_duration p(95)', value: 3_604, unit: 'ms' },
    { name: 'VUs in use, at most', value: 182, unit: '' },
  ],
  thresholds: [
    { metric: 'http_req_duration', limit: 'p(95)<5000', value: 3_604, held: true },
    { metric: 'http_req_failed', limit: 'rate<0.2', value: 0.126, held: true },
  ],
};

export function totals(faulty: boolean): EventOf<'load-total'> {
  const answer = (handler: string, method: string, status: number, count: number) => ({
    handler,
    method,
    status,
    count,
  });
  return {
    type: 'load-total',
    at: at(TIMES.drained),
    driver: faulty ? 'k6' : 'arrivals',
    model: 'open',
    description: 'buyers at 80/s',
    scheduled: 1_840,
    started: 1_840,
    dropped: 0,
    unanswered: 0,
    answers: [
      answer('sale', 'GET', 200, 1_840),
      answer('checkout', 'POST', 201, faulty ? 1_371 : 1_752),
      answer('checkout', 'POST', 409, faulty ? 63 : 88),
      ...(faulty ? [answer('checkout', 'POST', 503, 406)] : []),
      answer('purchase', 'POST', 201, faulty ? 1_204 : 1_730),
      answer('purchase', 'POST', 410, faulty ? 167 : 22),
    ],
    outcomes: faulty
      ? { purchased: 1_204, CODE_EXPIRED: 167, DB_BUSY: 406, LIMIT_REACHED: 63 }
      : { purchased: 1_730, CODE_EXPIRED: 22, LIMIT_REACHED: 88 },
    receipts: Array.from({ length: faulty ? 1_204 : 1_730 }, (_, index) => `P-${(index + 4_096).toString(36)}`),
    latency: faulty
      ? { p50: 11.2, p95: 3_610, p99: 4_480, max: 5_240 }
      : { p50: 10.4, p95: 28.9, p99: 44.1, max: 71.3 },
    startLag: { p50: 0.3, p99: 2.1, max: 6.4 },
    ...(faulty ? { report: k6Report } : {}),
  };
}
