/** The flash-sale shop as a system: its services, its monitoring, and how its books are read. */
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { ServiceDescription } from '../harness/stack/service.ts';
import type { CatalogMetric, System } from '../harness/system.ts';
import { type Bytes, bytes, type Duration, milliseconds } from '../harness/units.ts';
import catalog from '../monitoring/catalog.json' with { type: 'json' };
import { readLedger } from './flash-sale/ledger.ts';
import { alertmanager } from './services/alertmanager.ts';
import { blackbox } from './services/blackbox.ts';
import { grafana } from './services/grafana.ts';
import { answersOk } from './services/http.ts';
import { INSPECTOR_PORT, NODE_IMAGE, node, nodeArgs } from './services/node.ts';
import { postgres, postgresUrl } from './services/postgres.ts';
import { postgresExporter } from './services/postgres-exporter.ts';
import { prometheus } from './services/prometheus.ts';
import { redis, redisUrl } from './services/redis.ts';
import { redisExporter } from './services/redis-exporter.ts';

export interface FlashSaleOptions {
  /** Units in a sale. */
  readonly stock?: number;
  /** Connections in the app's database pool. */
  readonly dbPool?: number;
  /** How long a sale lasts before the next, and how long nothing is on sale in between; scenario time. */
  readonly saleDuration?: Duration;
  readonly salePause?: Duration;
  /** How long a reservation holds; scenario time. */
  readonly reservation?: Duration;
  /** The memory the process may use. */
  readonly memory?: Bytes;
  /** Other files in place of monitoring/'s own: a change to the rules or the dashboard, tried before it is made. */
  readonly monitoring?: Partial<MonitoringFiles>;
}

interface MonitoringFiles {
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly rules: string;
  readonly dashboard: string;
}

const PRODUCTION: MonitoringFiles = {
  prometheus: fromHere('../monitoring/prometheus/prometheus.yml'),
  alertmanager: fromHere('../monitoring/alertmanager/alertmanager.yml'),
  rules: fromHere('../monitoring/prometheus/rules/flash-sale.yml'),
  dashboard: fromHere('../monitoring/grafana/dashboards/flash-sale.json'),
};

/** The shop with these settings. What is left out is as in production: 10,000 units and 10 connections, in one sale that
 * outlasts the run. */
export function flashSale(options: FlashSaleOptions = {}): System {
  const files = { ...PRODUCTION, ...options.monitoring };
  const monitoring = {
    prometheusConfig: files.prometheus,
    alertmanagerConfig: files.alertmanager,
    ruleFiles: [files.rules],
    dashboardFiles: [files.dashboard],
    metrics: catalog.systems['flash-sale'].metrics as readonly CatalogMetric[],
  };
  const extras = [
    postgresExporter,
    redisExporter,
    grafana({
      datasources: fromHere('../monitoring/grafana/provisioning/datasources/prometheus.yml'),
      dashboardProvider: fromHere('../monitoring/grafana/provisioning/dashboards/dashboards.yml'),
      dashboards: monitoring.dashboardFiles,
    }),
  ];
  return {
    name: 'flash-sale',
    extras,
    services: [
      postgres,
      redis,
      app(options),
      blackbox({ config: fromHere('../monitoring/blackbox/blackbox.yml') }),
      prometheus({ config: monitoring.prometheusConfig, rules: monitoring.ruleFiles, extras }),
      alertmanager({ config: files.alertmanager }),
    ],
    app: 'flash-sale',
    scrapeInterval: '5s',
    monitoring,
    async ledger(stack) {
      const client = new Client({
        connectionString: postgresUrl(stack.service('postgres').endpoint),
        connectionTimeoutMillis: 5_000,
      });
      await client.connect();
      try {
        return await readLedger(client);
      } finally {
        await client.end();
      }
    },
  };
}

const app = ({
  stock = 10_000,
  dbPool = 10,
  saleDuration = '24h',
  salePause = '0s',
  reservation = '10m',
  memory = '512MiB',
}: FlashSaleOptions): ServiceDescription => ({
  name: 'flash-sale',
  address: 'flash-sale:8080',
  program: node('runs the shop'),
  needs: ['postgres', 'redis'],
  container: {
    image: {
      name: 'firedrill/flash-sale',
      context: fromHere('..'),
      dockerfile: fromHere('./flash-sale/Dockerfile'),
      sources: ['./flash-sale', './telemetry', '../package.json', '../package-lock.json'].map(fromHere),
      base: NODE_IMAGE,
    },
  },
  ports: [INSPECTOR_PORT],
  args: nodeArgs('sut/flash-sale/main.ts'),
  env: ({ endpoint, reach, clock }) => ({
    HOST: endpoint.host,
    PORT: String(endpoint.port),
    DATABASE_URL: postgresUrl(reach('postgres')),
    REDIS_URL: redisUrl(reach('redis')),
    DB_POOL_MAX: String(dbPool),
    SALE_ITEMS: String(stock),
    SALE_DURATION_MS: real(clock, saleDuration),
    SALE_PAUSE_MS: real(clock, salePause),
    RESERVATION_TTL_MS: real(clock, reservation),
    MEMORY_LIMIT_BYTES: String(bytes(memory)),
    NODE_ENV: 'production',
  }),
  ready: (endpoint) => answersOk(endpoint, '/health'),
  url: ({ host, port }) => `http://${host}:${port}`,
});

const real = (clock: { real(ms: number): number }, duration: Duration): string =>
  String(Math.round(clock.real(milliseconds(duration))));

function fromHere(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
