/** The sample run's system: the eight alerts and sixteen panels of the flash sale, with what each would show. */
import type { EventOf } from '../harness/journal.ts';

export interface SamplePanel {
  readonly row: string;
  readonly panel: string;
  readonly unit: string;
  readonly queries: readonly SampleQuery[];
}

interface SampleQuery {
  readonly key: string;
  readonly legend: string;
  readonly expr: string;
  /** Real milliseconds between the fault and its first trace here. */
  readonly lagMs?: number;
  /** Growth per real second, for what only goes up. */
  readonly ramp?: number;
  readonly series: readonly SampleSeries[];
}

interface SampleSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly calm: number;
  readonly stressed: number;
  /** Share of the value that it wobbles by. */
  readonly noise: number;
}

const MINUTE = 60_000;

function alert(name: string, severity: string, summary: string, expr: string, rangeMs: number, forMs: number) {
  const floor = { scrape: 12_000, range: rangeMs, evaluation: 15_000, for: forMs, total: 0 };
  return { name, severity, summary, expr, floor: { ...floor, total: 27_000 + rangeMs + forMs } };
}

export const ALERTS: readonly Omit<EventOf<'run'>['alerts'][number], 'named'>[] = [
  alert('FlashSaleHealthCheckFailing', 'critical', 'The health check fails', 'probe_success == 0', 0, MINUTE),
  alert(
    'FlashSaleHighErrorRate',
    'critical',
    'More than 5% of requests fail',
    'flash_sale:http_requests:error_ratio_rate5m > 0.05',
    0,
    5 * MINUTE,
  ),
  alert(
    'FlashSaleDatabaseConnectionsExhausted',
    'critical',
    'The connection pool is nearly used up',
    'db_connections_active / db_connections_max > 0.9',
    0,
    5 * MINUTE,
  ),
  alert('FlashSaleRedisUnreachable', 'critical', 'Redis cannot be reached', 'flash_sale:redis_up == 0', 0, MINUTE),
  alert(
    'FlashSaleHighLatency',
    'warning',
    'The slowest 5% of requests take more than 2 s',
    'flash_sale:http_request_duration_seconds:p95_5m > 2',
    MINUTE,
    5 * MINUTE,
  ),
  alert(
    'FlashSaleHighLockContention',
    'warning',
    'Lock attempts are often contended',
    'flash_sale:redis_lock:contended_ratio_rate5m > 0.3',
    MINUTE,
    5 * MINUTE,
  ),
  alert(
    'FlashSaleHighMemory',
    'warning',
    'Memory is above 80% of its limit',
    'process_resident_memory_bytes > 0.8 * 536870912',
    0,
    5 * MINUTE,
  ),
  alert(
    'FlashSaleEventLoopLag',
    'warning',
    'The event loop is held up',
    'nodejs_eventloop_lag_p99_seconds > 0.5',
    0,
    3 * MINUTE,
  ),
];

const one = (calm: number, stressed: number, noise = 0.2): SampleSeries => ({ labels: {}, calm, stressed, noise });
const by = (name: string, value: string, calm: number, stressed: number, noise = 0.25): SampleSeries => ({
  labels: { [name]: value },
  calm,
  stressed,
  noise,
});

const GOLDEN = 'Four Golden Signals';
const SALE = 'Flash Sale';
const STORES = 'Database & Cache';
const RESOURCES = 'System Resources';

export const PANELS: readonly SamplePanel[] = [
  {
    row: GOLDEN,
    panel: 'P95/P50 response time',
    unit: 's',
    queries: [
      {
        key: 'latency-p95',
        legend: 'p95',
        expr: 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))',
        lagMs: 500,
        series: [one(0.034, 4.05, 0.3)],
      },
      {
        key: 'latency-p50',
        legend: 'p50',
        expr: 'histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))',
        lagMs: 500,
        series: [one(0.011, 1.62, 0.2)],
      },
    ],
  },
  {
    row: GOLDEN,
    panel: 'Request rate by handler',
    unit: 'reqps',
    queries: [
      {
        key: 'rate',
        legend: '{{handler}}',
        expr: 'sum by (handler) (rate(http_requests_total[1m]))',
        series: [
          by('handler', 'sale', 80, 78, 0.05),
          by('handler', 'checkout', 78, 22),
          by('handler', 'purchase', 74, 12),
          by('handler', 'health', 4, 4, 0.02),
        ],
      },
    ],
  },
  {
    row: GOLDEN,
    panel: 'Error rate breakdown',
    unit: 'percentunit',
    queries: [
      {
        key: 'errors',
        legend: '{{status_code}}',
        expr: 'sum by (status_code) (rate(http_requests_total{status_code=~"5.."}[1m])) / ignoring(status_code) group_left sum(rate(http_requests_total[1m]))',
        series: [by('status_code', '500', 0, 0.003), by('status_code', '503', 0, 0.198)],
      },
    ],
  },
  {
    row: GOLDEN,
    panel: 'Saturation',
    unit: 'percentunit',
    queries: [
      {
        key: 'saturation-pool',
        legend: 'connection pool',
        expr: 'db_connections_active / db_connections_max',
        series: [one(0.31, 1, 0)],
      },
      {
        key: 'saturation-memory',
        legend: 'memory',
        expr: 'process_resident_memory_bytes / 536870912',
        series: [one(0.24, 0.27, 0.02)],
      },
    ],
  },
  {
    row: SALE,
    panel: 'Sale progress',
    unit: 'short',
    queries: [
      { key: 'stock', legend: 'stock', expr: 'sale_items_total', series: [one(10_000, 10_000, 0)] },
      { key: 'sold', legend: 'sold', expr: 'sale_items_sold', ramp: 61, series: [one(0, 0, 0)] },
    ],
  },
  {
    row: SALE,
    panel: 'Items sold rate',
    unit: 'cps',
    queries: [{ key: 'sold-rate', legend: 'sold', expr: 'deriv(sale_items_sold[1m])', series: [one(71, 9)] }],
  },
  {
    row: SALE,
    panel: 'Checkout rate (attempts, success)',
    unit: 'cps',
    queries: [
      {
        key: 'checkout-attempts',
        legend: 'attempts',
        expr: 'rate(checkout_attempts_total[1m])',
        series: [one(79, 80, 0.04)],
      },
      { key: 'checkout-success', legend: 'success', expr: 'rate(checkout_success_total[1m])', series: [one(75, 14)] },
    ],
  },
  {
    row: SALE,
    panel: 'Purchase rate (attempts, success)',
    unit: 'cps',
    queries: [
      {
        key: 'purchase-attempts',
        legend: 'attempts',
        expr: 'rate(purchase_attempts_total[1m])',
        series: [one(74, 14)],
      },
      { key: 'purchase-success', legend: 'success', expr: 'rate(purchase_success_total[1m])', series: [one(72, 9)] },
    ],
  },
  {
    row: STORES,
    panel: 'Query duration by table',
    unit: 's',
    queries: [
      {
        key: 'queries',
        legend: '{{query_type}} {{table}}',
        expr: 'histogram_quantile(0.95, sum by (le, query_type, table) (rate(db_query_duration_seconds_bucket[1m])))',
        series: (
          [
            ['select', 'items', 0.0021, 3.4],
            ['update', 'items', 0.0048, 3.9],
            ['insert', 'reservations', 0.0036, 0.009],
            ['insert', 'purchases', 0.0041, 0.012],
            ['select', 'sales', 0.0012, 0.0015],
          ] as const
        ).map(([type, table, calm, stressed]) => ({
          labels: { query_type: type, table },
          calm,
          stressed,
          noise: 0.3,
        })),
      },
    ],
  },
  {
    row: STORES,
    panel: 'Connection pool',
    unit: 'short',
    queries: [
      { key: 'pool-active', legend: 'active', expr: 'db_connections_active', lagMs: 120, series: [one(3.1, 10, 0)] },
      { key: 'pool-idle', legend: 'idle', expr: 'db_connections_idle', lagMs: 120, series: [one(6.9, 0, 0)] },
      { key: 'pool-max', legend: 'max', expr: 'db_connections_max', series: [one(10, 10, 0)] },
    ],
  },
  {
    row: STORES,
    panel: 'Redis command duration',
    unit: 's',
    queries: [
      {
        key: 'redis',
        legend: '{{command}}',
        expr: 'histogram_quantile(0.95, sum by (le, command) (rate(redis_command_duration_seconds_bucket[1m])))',
        series: [
          by('command', 'get', 0.00031, 0.0003),
          by('command', 'set', 0.00042, 0.0004),
          by('command', 'evalsha', 0.00055, 0.0006),
        ],
      },
    ],
  },
  {
    row: STORES,
    panel: 'Lock contention',
    unit: 'percentunit',
    queries: [
      {
        key: 'contention',
        legend: '{{lock_type}}',
        expr: 'sum by (lock_type) (rate(redis_lock_contended_total[1m])) / sum by (lock_type) (rate(redis_lock_attempts_total[1m]))',
        series: [by('lock_type', 'checkout', 0.04, 0.21), by('lock_type', 'purchase', 0.02, 0.05)],
      },
    ],
  },
  {
    row: STORES,
    panel: 'Lock hold time',
    unit: 's',
    queries: [
      {
        key: 'holds',
        legend: '{{lock_type}}',
        expr: 'histogram_quantile(0.95, sum by (le, lock_type) (rate(redis_lock_duration_seconds_bucket[1m])))',
        series: [by('lock_type', 'checkout', 0.008, 2.1), by('lock_type', 'purchase', 0.007, 0.4)],
      },
    ],
  },
  {
    row: RESOURCES,
    panel: 'Memory',
    unit: 'bytes',
    queries: [
      {
        key: 'memory',
        legend: 'resident',
        expr: 'process_resident_memory_bytes',
        series: [one(128_974_848, 144_703_488, 0.02)],
      },
    ],
  },
  {
    row: RESOURCES,
    panel: 'CPU',
    unit: 'percentunit',
    queries: [
      { key: 'cpu', legend: 'of one core', expr: 'rate(process_cpu_seconds_total[1m])', series: [one(0.22, 0.11)] },
    ],
  },
  {
    row: RESOURCES,
    panel: 'Event loop lag',
    unit: 's',
    queries: [
      {
        key: 'loop-lag',
        legend: 'p99',
        expr: 'nodejs_eventloop_lag_p99_seconds',
        series: [one(0.0112, 0.0131, 0.15)],
      },
    ],
  },
];
