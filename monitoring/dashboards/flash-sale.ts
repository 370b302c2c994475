/** The Flash Sale dashboard: the four golden signals first, then the sale itself, then what it stands on. */
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, gauge, orZero, quantile, type Row, rate, selector, share } from './parts.ts';

/** Business traffic: /health and /metrics answer machines. */
const VISITORS = 'handler!~"health|metrics"';

const requests = `sum(${rate('http_requests_total', VISITORS)})`;

const goldenSignals: Row = {
  title: 'Four Golden Signals',
  panels: [
    {
      title: 'P95/P50 response time',
      description: 'How long visitors wait for an answer, health checks left out. Dashed: FlashSaleHighLatency.',
      unit: 's',
      threshold: 2,
      queries: [
        { legend: 'P95', expr: quantile(0.95, 'http_request_duration_seconds', [], VISITORS) },
        { legend: 'P50', expr: quantile(0.5, 'http_request_duration_seconds', [], VISITORS) },
      ],
    },
    {
      title: 'Request rate by handler',
      description: 'Requests answered per second, health checks left out.',
      unit: 'reqps',
      queries: [{ legend: '{{handler}}', expr: `sum by (handler) (${rate('http_requests_total', VISITORS)})` }],
    },
    {
      title: 'Error rate breakdown',
      description:
        'Failures per second by where they show: answers to visitors, database operations, Redis operations.',
      unit: 'cps',
      queries: [
        {
          legend: 'HTTP 5xx',
          expr: orZero(`sum(${rate('http_requests_total', `${VISITORS}, status_code=~"5.."`)})`, requests),
        },
        {
          legend: 'HTTP 4xx',
          expr: orZero(`sum(${rate('http_requests_total', `${VISITORS}, status_code=~"4.."`)})`, requests),
        },
        { legend: 'Database', expr: orZero(`sum(${rate('db_errors_total')})`, requests) },
        { legend: 'Redis', expr: orZero(`sum(${rate('redis_errors_total')})`, requests) },
      ],
    },
    {
      title: 'Saturation',
      description: 'How full the service is: the share in use of its connections, its memory limit and one CPU core.',
      unit: 'percentunit',
      threshold: 0.9,
      queries: [
        {
          legend: 'Database connections',
          expr: `max(${gauge('db_connections_active')} / ${gauge('db_connections_max')})`,
        },
        { legend: 'Memory', expr: `max(${selector('instance:process_resident_memory:limit_ratio')})` },
        { legend: 'CPU', expr: `max(${rate('process_cpu_seconds_total')})` },
      ],
    },
  ],
};

const sale: Row = {
  title: 'Flash Sale',
  panels: [
    {
      title: 'Sale progress',
      description: 'Share of the running sale that is sold. Falls to 0 when the next sale begins.',
      unit: 'percentunit',
      queries: [{ legend: 'Sold', expr: `max(${gauge('sale_items_sold')}) / max(${gauge('sale_items_total')})` }],
    },
    {
      title: 'Items sold rate',
      // Within a sale the gauge only rises and a new sale starts it at 0 again: exactly what rate() reads as a reset.
      description: 'Items sold per second.',
      unit: 'cps',
      queries: [{ legend: 'Items', expr: `max(${rate('sale_items_sold')})` }],
    },
    {
      title: 'Checkout rate (attempts, success)',
      description: 'Reservations asked for and given per second.',
      unit: 'ops',
      queries: [
        { legend: 'Attempts', expr: `sum(${rate('checkout_attempts_total')})` },
        { legend: 'Success', expr: `sum(${rate('checkout_success_total')})` },
      ],
    },
    {
      title: 'Purchase rate (attempts, success)',
      description: 'Purchases tried and completed per second.',
      unit: 'ops',
      queries: [
        { legend: 'Attempts', expr: `sum(${rate('purchase_attempts_total')})` },
        { legend: 'Success', expr: `sum(${rate('purchase_success_total')})` },
      ],
    },
  ],
};

const contended = `sum by (lock_type) (${rate('redis_lock_contended_total')})`;
const attempts = `sum by (lock_type) (${rate('redis_lock_attempts_total')})`;

const databaseAndCache: Row = {
  title: 'Database & Cache',
  panels: [
    {
      title: 'Query duration by table',
      description: 'The slowest 5% of the queries on each table take at least this long.',
      unit: 's',
      queries: [{ legend: 'P95 {{table}}', expr: quantile(0.95, 'db_query_duration_seconds', ['table']) }],
    },
    {
      title: 'Connection pool',
      description:
        'Database connections in use and idle, and how many the pool may open; Redis connections that are ready.',
      unit: 'short',
      queries: [
        { legend: 'Active', expr: `sum(${gauge('db_connections_active')})` },
        { legend: 'Idle', expr: `sum(${gauge('db_connections_idle')})` },
        { legend: 'Max', expr: `sum(${gauge('db_connections_max')})` },
        { legend: 'Redis ready', expr: `sum(${gauge('redis_pool_connections', 'state="ready"')})` },
      ],
    },
    {
      title: 'Redis command duration',
      description: 'The slowest 5% of the calls of each command take at least this long.',
      unit: 's',
      queries: [{ legend: 'P95 {{command}}', expr: quantile(0.95, 'redis_command_duration_seconds', ['command']) }],
    },
    {
      title: 'Lock contention',
      description: 'Share of lock attempts that found the lock taken. Dashed: FlashSaleHighLockContention.',
      unit: 'percentunit',
      threshold: 0.5,
      queries: [{ legend: '{{lock_type}}', expr: share(contended, attempts) }],
    },
    {
      title: 'Lock hold time',
      description: 'How long a lock is held once taken, median and the slowest 5%.',
      unit: 's',
      queries: [
        { legend: 'P95 {{lock_type}}', expr: quantile(0.95, 'redis_lock_duration_seconds', ['lock_type']) },
        { legend: 'P50 {{lock_type}}', expr: quantile(0.5, 'redis_lock_duration_seconds', ['lock_type']) },
      ],
    },
  ],
};

const resources: Row = {
  title: 'System Resources',
  panels: [
    {
      title: 'Memory',
      description: 'Resident memory. Dashed: 80% of the limit of 512 MiB, FlashSaleHighMemory.',
      unit: 'bytes',
      threshold: 0.8 * 512 * 1024 * 1024,
      queries: [{ legend: '{{instance}}', expr: gauge('process_resident_memory_bytes') }],
    },
    {
      title: 'CPU',
      description: 'CPU time used per second; 100% is one core.',
      unit: 'percentunit',
      queries: [{ legend: '{{instance}}', expr: `sum by (instance) (${rate('process_cpu_seconds_total')})` }],
    },
    {
      title: 'Event loop lag',
      description: 'How late the event loop gets round to things, 99th percentile. Dashed: FlashSaleEventLoopLag.',
      unit: 's',
      threshold: 0.1,
      queries: [{ legend: '{{instance}}', expr: gauge('nodejs_eventloop_lag_p99_seconds') }],
    },
  ],
};

export const flashSale: DashboardBuilder = dashboard(
  {
    uid: 'flash-sale',
    title: 'Flash Sale',
    description: 'Is the flash sale well, is it selling, and what is it short of?',
    jobs: ['flash-sale'],
    presence: 'sale_items_sold',
    service: 'flash-sale',
  },
  [goldenSignals, sale, databaseAndCache, resources],
);
