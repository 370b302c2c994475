/** The audio network as a system: its services, its monitoring, and how its books are read. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Clock } from '../harness/clock.ts';
import type { ContainerRecipe, ServiceContext, ServiceDescription } from '../harness/stack/service.ts';
import type { CatalogMetric, System } from '../harness/system.ts';
import { type Bytes, bytes, type Duration, milliseconds } from '../harness/units.ts';
import catalog from '../monitoring/catalog.json' with { type: 'json' };
import { jobsUnderWay, readLedger } from './audio/ledger.ts';
import { alertmanager } from './services/alertmanager.ts';
import { blackbox } from './services/blackbox.ts';
import { grafana } from './services/grafana.ts';
import { answersOk } from './services/http.ts';
import { INSPECTOR_PORT, inCheckout, NODE_IMAGE, node, nodeArgs } from './services/node.ts';
import { postgres, postgresUrl } from './services/postgres.ts';
import { postgresExporter } from './services/postgres-exporter.ts';
import { prometheus } from './services/prometheus.ts';
import { redis, redisUrl } from './services/redis.ts';
import { redisExporter } from './services/redis-exporter.ts';
import { simulator } from './services/simulators.ts';
import { S3_CREDENTIALS, S3_REGION, s3Url, versitygw } from './services/versitygw.ts';

export interface AudioOptions {
  /** How long ffmpeg may take with a file, until an administrator says otherwise; scenario time. */
  readonly ffmpegTimeout?: Duration;
  /** How long S3 may take with an object; scenario time. */
  readonly s3Timeout?: Duration;
  /** Jobs a worker works on at once. */
  readonly concurrency?: number;
  /** Retries after the first attempt, and the pause before the first of them, which doubles; scenario time. */
  readonly retries?: number;
  readonly retryBackoff?: Duration;
  /** How long a worker may give no sign of life until others take its jobs over; scenario time. */
  readonly lease?: Duration;
  readonly maxUpload?: Bytes;
  /** How long an upload may send nothing until it is given up; a latency, never scaled. */
  readonly uploadIdle?: Duration;
  /** Connections in the database pool of each process. */
  readonly dbPool?: number;
  /** From when on a query counts as slow; a latency, never scaled. */
  readonly slowQuery?: Duration;
  /** How long a call to an outside service may take; a latency, never scaled. */
  readonly externalTimeout?: Duration;
  /** How long what is cached counts as true; scenario time. */
  readonly cacheTtl?: Duration;
  /** Entries of each cache. */
  readonly cacheEntries?: number;
  /** The memory each process may use. */
  readonly memory?: Bytes;
  /** Other files in place of monitoring/'s own: a change to the rules or a dashboard, tried before it is made. */
  readonly monitoring?: Partial<AudioMonitoringFiles>;
}

export interface AudioMonitoringFiles {
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly rules: string;
  readonly dashboards: readonly string[];
}

/** What an administrator shows (PUT /admin/settings, DELETE /admin/dead-letters, POST /admin/dead-letters/requeue). */
export const AUDIO_ADMIN_TOKEN = 'administrator-of-one-run';

const DASHBOARDS = [
  'api-health',
  'pipeline',
  'error-analysis',
  'data-quality',
  'cache-performance',
  'database-health',
  'search-performance',
  'system-health',
];

const PRODUCTION: AudioMonitoringFiles = {
  prometheus: inCheckout('monitoring/prometheus/audio.yml'),
  alertmanager: inCheckout('monitoring/alertmanager/alertmanager.yml'),
  rules: inCheckout('monitoring/prometheus/rules/audio.yml'),
  dashboards: DASHBOARDS.map((name) => inCheckout(`monitoring/grafana/dashboards/audio-${name}.json`)),
};

const UPLOADS = { name: 'uploads', path: '/uploads' } as const;

/** One image for the API, the worker and the outside services: they differ in the file that is started. */
const CONTAINER: ContainerRecipe = {
  image: {
    name: 'firedrill/audio',
    context: inCheckout(''),
    dockerfile: inCheckout('sut/audio/Dockerfile'),
    sources: ['sut/audio', 'sut/telemetry', 'sut/third-party', 'package.json', 'package-lock.json'].map(inCheckout),
    base: NODE_IMAGE,
  },
};

const OUTSIDE = [
  simulator('stream', 9101, 'stands for the activity feed service', CONTAINER),
  simulator('gorse', 9102, 'stands for the recommender', CONTAINER),
  simulator('elasticsearch', 9103, 'stands for the search index', CONTAINER),
];

/** The network with these settings. What is left out is as in production. */
export function audio(options: AudioOptions = {}): System {
  const files = { ...PRODUCTION, ...options.monitoring };
  const monitoring = {
    prometheusConfig: files.prometheus,
    alertmanagerConfig: files.alertmanager,
    ruleFiles: [files.rules],
    dashboardFiles: files.dashboards,
    metrics: catalog.systems.audio.metrics as readonly CatalogMetric[],
  };
  const extras = [
    postgresExporter,
    redisExporter,
    grafana({
      datasources: inCheckout('monitoring/grafana/provisioning/datasources/prometheus.yml'),
      dashboardProvider: inCheckout('monitoring/grafana/provisioning/dashboards/dashboards.yml'),
      dashboards: monitoring.dashboardFiles,
    }),
  ];
  return {
    name: 'audio',
    extras,
    services: [
      postgres,
      redis,
      versitygw,
      ...OUTSIDE,
      api(options),
      worker(options),
      blackbox({ config: inCheckout('monitoring/blackbox/blackbox.yml') }),
      prometheus({ config: monitoring.prometheusConfig, rules: monitoring.ruleFiles, extras }),
      alertmanager({ config: files.alertmanager }),
    ],
    app: 'audio-api',
    counting: ['audio-api', 'audio-worker'],
    scrapeInterval: '5s',
    monitoring,
    async ledger(stack) {
      const client = new Client({
        connectionString: postgresUrl(stack.service('postgres').endpoint),
        connectionTimeoutMillis: 5_000,
      });
      await client.connect();
      try {
        await untilIdle(client);
        return await readLedger(client, {
          endpoint: s3Url(stack.service('versitygw').endpoint),
          region: S3_REGION,
          bucket: BUCKET,
          ...S3_CREDENTIALS,
        });
      } finally {
        await client.end();
      }
    },
  };
}

const BUCKET = 'audio';

/** Real time: a backlog of a hundred jobs and their last retries are done with by then, at every speed. */
const IDLE_WITHIN_MS = 60_000;

/** Waits until no job is under way any more; what is still there after a minute, the ledger says. */
async function untilIdle(client: Client): Promise<void> {
  const deadline = Date.now() + IDLE_WITHIN_MS;
  while ((await jobsUnderWay(client)) > 0 && Date.now() < deadline) await sleep(100);
}

const api = (options: AudioOptions): ServiceDescription => ({
  name: 'audio-api',
  address: 'audio-api:8080',
  program: node('runs the API'),
  needs: ['postgres', 'redis', ...OUTSIDE.map(({ name }) => name)],
  container: CONTAINER,
  shared: UPLOADS,
  ports: [INSPECTOR_PORT],
  args: nodeArgs('sut/audio/main.ts'),
  env: (context) => ({
    ...common(options, context),
    TOKEN_SECRET: 'signs-the-sessions-of-one-run',
    ADMIN_TOKEN: AUDIO_ADMIN_TOKEN,
    MAX_UPLOAD_BYTES: String(bytes(options.maxUpload ?? '256MiB')),
    UPLOAD_IDLE_TIMEOUT_MS: String(milliseconds(options.uploadIdle ?? '10s')),
    EXTERNAL_TIMEOUT_MS: String(milliseconds(options.externalTimeout ?? '2s')),
    CACHE_TTL_MS: real(context.clock, options.cacheTtl ?? '5m'),
    CACHE_MAX_ENTRIES: String(options.cacheEntries ?? 10_000),
    ...Object.fromEntries(OUTSIDE.map(({ name }) => [`${name.toUpperCase()}_URL`, s3Url(context.reach(name))])),
  }),
  ready: (endpoint) => answersOk(endpoint, '/health'),
  url: ({ host, port }) => `http://${host}:${port}/health`,
});

const FFMPEG = {
  command: 'ffmpeg',
  why: 'transcodes the audio',
  packages: { apt: 'ffmpeg', dnf: 'ffmpeg-free', brew: 'ffmpeg' },
};

const worker = (options: AudioOptions): ServiceDescription => ({
  name: 'audio-worker',
  address: 'audio-worker:9465',
  program: node('runs the worker'),
  runs: [FFMPEG],
  needs: ['postgres', 'redis', 'versitygw'],
  container: CONTAINER,
  shared: UPLOADS,
  ports: [INSPECTOR_PORT],
  args: nodeArgs('sut/audio/worker/main.ts'),
  env: (context) => ({
    ...common(options, context),
    S3_ENDPOINT_URL: s3Url(context.reach('versitygw')),
    S3_REGION,
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY: S3_CREDENTIALS.accessKey,
    S3_SECRET_KEY: S3_CREDENTIALS.secretKey,
    S3_TIMEOUT_SECONDS: inSeconds(options.s3Timeout ?? '60s'),
    CONCURRENCY: String(options.concurrency ?? 2),
    MAX_RETRIES: String(options.retries ?? 3),
    RETRY_BACKOFF_SECONDS: inSeconds(options.retryBackoff ?? '10s'),
    // A lease is renewed over a database on a machine with little to spare: below this it would measure the machine.
    LEASE_MS: String(Math.max(LEAST_LEASE_MS, Number(real(context.clock, options.lease ?? '60s')))),
  }),
  ready: (endpoint) => answersOk(endpoint, '/health'),
  url: ({ host, port }) => `http://${host}:${port}/health`,
});

const LEAST_LEASE_MS = 1_000;

const common = (options: AudioOptions, { endpoint, reach, shared, clock }: ServiceContext) => ({
  HOST: endpoint.host,
  PORT: String(endpoint.port),
  DATABASE_URL: postgresUrl(reach('postgres')),
  REDIS_URL: redisUrl(reach('redis')),
  DB_POOL_MAX: String(options.dbPool ?? 10),
  DB_SLOW_QUERY_MS: String(milliseconds(options.slowQuery ?? '200ms')),
  // Every scrape shows a state of the queue that is younger than the scrape before.
  LOOK_INTERVAL_MS: String(Math.round(Math.min(500, clock.scrape(milliseconds('5s'))))),
  UPLOAD_DIR: shared,
  TIME_SCALE: String(clock.speed),
  FFMPEG_TIMEOUT_SECONDS: inSeconds(options.ffmpegTimeout ?? '60s'),
  MEMORY_LIMIT_BYTES: String(bytes(options.memory ?? '512MiB')),
  NODE_ENV: 'production',
});

const inSeconds = (duration: Duration): string => String(milliseconds(duration) / 1_000);

const real = (clock: Clock, duration: Duration): string => String(Math.round(clock.real(milliseconds(duration))));
