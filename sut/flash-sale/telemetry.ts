/**
 * All of the service's metrics in one place. The application is given this value and knows nothing else of metrics, so
 * that it can also be built without any, which is how the cost of measuring is measured.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { Distribution, kept, type Series } from '../telemetry/distribution.ts';
import { eventLoopLag } from '../telemetry/event-loop.ts';
import {
  CLIENT_CLOSED_REQUEST,
  type ExpectedSeries,
  type HttpRecorder,
  httpRecorder,
  UNMATCHED,
} from '../telemetry/http.ts';
import { type DatabaseRecorder, databaseRecorder } from '../telemetry/postgres.ts';
import { processMetrics } from '../telemetry/process.ts';
import { type RedisRecorder, redisRecorder } from '../telemetry/redis.ts';
import { COMMANDS } from './fast-path.ts';
import { LOCK_TYPES, type LockRecorder } from './lock.ts';
import { statements } from './statements.ts';

/** Receives what happens in the sale. Attempts are well-formed requests; successes are changes to the books. */
export interface SaleRecorder {
  checkoutAttempt(): void;
  checkoutSuccess(): void;
  purchaseAttempt(): void;
  /** Once per unit sold: a repeated purchase of the same code is an attempt and not a success. */
  purchaseSuccess(): void;
  /** Gauges the running sale from now on; zeros between sales. */
  watch(progress: () => SaleProgress): void;
}

/** Units of the running sale. */
export interface SaleProgress {
  readonly stock: number;
  readonly sold: number;
}

export interface Telemetry {
  readonly http: HttpRecorder | undefined;
  readonly database: DatabaseRecorder;
  readonly redis: RedisRecorder;
  readonly locks: LockRecorder;
  readonly sales: SaleRecorder;
  /** What /metrics exposes. */
  readonly registry: Registry;
  /** 99th percentile of event loop lag in seconds. */
  lag(): number;
  stop(): void;
}

/** What may go wrong with any answer. */
const ALWAYS = [CLIENT_CLOSED_REQUEST, 500];

/** The statuses each route can answer with; all of them are there from the first scrape on. */
export const EXPECTED_SERIES: readonly ExpectedSeries[] = [
  { handler: 'storefront', method: 'GET', statuses: [200, ...ALWAYS] },
  { handler: 'sale', method: 'GET', statuses: [200, 503, ...ALWAYS] },
  { handler: 'checkout', method: 'POST', statuses: [201, 400, 404, 409, 413, 415, 429, 503, ...ALWAYS] },
  { handler: 'purchase', method: 'POST', statuses: [200, 400, 404, 410, 413, 415, 503, ...ALWAYS] },
  { handler: 'health', method: 'GET', statuses: [200, 503, ...ALWAYS] },
  { handler: 'metrics', method: 'GET', statuses: [200, ...ALWAYS] },
  { handler: UNMATCHED, method: 'GET', statuses: [404, ...ALWAYS] },
  { handler: UNMATCHED, method: 'POST', statuses: [404, ...ALWAYS] },
];

/** Registers every metric, known label values at 0. */
export function createTelemetry({ memoryLimitBytes }: { memoryLimitBytes: number }): Telemetry {
  const registry = new Registry();
  const lag = eventLoopLag();
  processMetrics(registry, lag, memoryLimitBytes);
  return {
    http: httpRecorder(registry, EXPECTED_SERIES),
    database: databaseRecorder(registry, Object.values(statements)),
    redis: redisRecorder(registry, COMMANDS),
    locks: lockRecorder(registry),
    sales: saleRecorder(registry),
    registry,
    lag: () => lag.p99(),
    stop: () => lag.stop(),
  };
}

/** Measures nothing and exposes an empty page. */
export function noTelemetry(): Telemetry {
  const nothing = () => {};
  return {
    http: undefined,
    database: { waited: nothing, query: nothing, error: nothing, watch: nothing },
    redis: { command: nothing, error: nothing, watch: nothing },
    locks: { attempt: nothing, contended: nothing, held: nothing },
    sales: {
      checkoutAttempt: nothing,
      checkoutSuccess: nothing,
      purchaseAttempt: nothing,
      purchaseSuccess: nothing,
      watch: nothing,
    },
    registry: new Registry(),
    lag: () => 0,
    stop: nothing,
  };
}

function lockRecorder(registry: Registry): LockRecorder {
  const registers = [registry];
  const labelNames = ['lock_type'] as const;
  const attempts = new Counter({
    name: 'redis_lock_attempts_total',
    help: 'Attempts to take a lock, retries included',
    labelNames,
    registers,
  });
  const contended = new Counter({
    name: 'redis_lock_contended_total',
    help: 'Attempts that found the lock taken',
    labelNames,
    registers,
  });
  const held = new Distribution({
    name: 'redis_lock_duration_seconds',
    help: 'Time locks were held',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registry,
  });
  const known = new Map<string, Series>();
  const seriesOf = (lock_type: string): Series => kept(known, lock_type, () => held.add({ lock_type }));
  for (const lock_type of LOCK_TYPES) {
    attempts.inc({ lock_type }, 0);
    contended.inc({ lock_type }, 0);
    seriesOf(lock_type);
  }
  return {
    attempt: (lock_type) => attempts.inc({ lock_type }),
    contended: (lock_type) => contended.inc({ lock_type }),
    held: (lock_type, seconds) => seriesOf(lock_type).observe(seconds),
  };
}

function saleRecorder(registry: Registry): SaleRecorder {
  const registers = [registry];
  const counter = (name: string, help: string) => {
    const metric = new Counter({ name, help, registers });
    return () => metric.inc();
  };
  return {
    checkoutAttempt: counter('checkout_attempts_total', 'Well-formed checkouts asked for'),
    checkoutSuccess: counter('checkout_success_total', 'Reservations made'),
    purchaseAttempt: counter('purchase_attempts_total', 'Well-formed purchases asked for'),
    purchaseSuccess: counter('purchase_success_total', 'Units sold'),
    watch(progress) {
      new Gauge({
        name: 'sale_items_total',
        help: 'Units in the running sale; 0 between sales',
        registers,
        collect() {
          this.set(progress().stock);
        },
      });
      new Gauge({
        name: 'sale_items_sold',
        help: 'Units of the running sale that are sold',
        registers,
        collect() {
          this.set(progress().sold);
        },
      });
    },
  };
}
