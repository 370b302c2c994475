/** Is Postgres fast, and does it have room: as the API and the worker meet it. */
import { gauge, quantile, rate } from '../parts.ts';
import { audioDashboard, BOTH, percentiles, perMinute } from './common.ts';

const queries = (by: string): string => `sum by (${by}) (${rate('db_queries_total')})`;
const slow = rate('db_slow_queries_total');

export const databaseHealth = audioDashboard(
  {
    uid: 'audio-database-health',
    title: 'Database Health',
    description: 'Is the database fast, and does it have room for more?',
    jobs: BOTH,
    presence: 'db_queries_total',
  },
  [
    {
      title: 'Query duration p50/p95/p99 by table',
      description: 'How long queries on each table take, and how long they first wait for a connection.',
      unit: 's',
      queries: [
        ...percentiles('db_query_duration_seconds', ['table']),
        { legend: 'P95 waiting for a connection', expr: quantile(0.95, 'db_connection_wait_time_seconds') },
      ],
    },
    {
      title: 'Slow queries per minute',
      description: 'Queries per minute that took longer than the service calls slow, all and by table.',
      unit: 'opm',
      queries: [
        { legend: 'All', expr: perMinute(`sum(${slow})`) },
        { legend: '{{table}}', expr: perMinute(`sum by (table) (${slow})`) },
      ],
    },
    {
      title: 'Connection pool usage',
      description: 'Share of its connections that each process has in use; at 100% queries wait.',
      unit: 'percentunit',
      queries: [{ legend: '{{instance}}', expr: gauge('db_connection_pool_usage') }],
    },
    {
      title: 'Active connections',
      description: 'Connections in use, of each process.',
      unit: 'short',
      queries: [{ legend: '{{instance}}', expr: gauge('db_connections_active') }],
    },
    {
      title: 'Query rate by type',
      description: 'Queries per second by what they do.',
      unit: 'ops',
      queries: [{ legend: '{{type}}', expr: queries('type') }],
    },
    {
      title: 'Queries per table',
      description: 'Queries per second by the table they are about.',
      unit: 'ops',
      look: 'parts',
      queries: [{ legend: '{{table}}', expr: queries('table') }],
    },
  ],
);
