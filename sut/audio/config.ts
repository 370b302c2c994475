/** The configuration of the API and the worker: environment variables only. */
import { z } from 'zod';
import { duration, readEnvironment, url, whole } from '../telemetry/environment.ts';

const DAY_MS = 86_400_000;

/** A number of seconds of the pipeline's clock (see TIME_SCALE), which may have a fraction. */
const seconds = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'is not a number of seconds')
  .transform(Number)
  .pipe(
    z
      .number()
      .positive('must be more than 0')
      .max(30 * 86_400, 'must be at most 30 days'),
  );

const shared = {
  PORT: whole(1, 65_535),
  HOST: z.string().min(1).default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** What the deployment lets the process use; exported, not enforced. */
  MEMORY_LIMIT_BYTES: whole(1, Number.MAX_SAFE_INTEGER).default(512 * 1024 ** 2),
  /** How long requests or jobs under way may take to finish once the service is asked to end. */
  DRAIN_TIMEOUT_MS: duration().default(3_000),

  DATABASE_URL: url(['postgres:', 'postgresql:']),
  DB_POOL_MAX: whole(1, 1_000).default(10),
  DB_ACQUIRE_TIMEOUT_MS: duration().default(5_000),
  DB_STATEMENT_TIMEOUT_MS: duration().default(8_000),
  /** A query that takes longer counts as slow. */
  DB_SLOW_QUERY_MS: duration().default(200),
  REDIS_URL: url(['redis:', 'rediss:']),
  REDIS_COMMAND_TIMEOUT_MS: duration().default(500),
  /** Between two looks of the health check, and at the state of the queue. */
  LOOK_INTERVAL_MS: duration().default(500),

  /** Where uploads wait to be processed: a folder that the API and the workers share. */
  UPLOAD_DIR: z.string().min(1),

  /**
   * How many seconds of the pipeline's clock one real second stands for: 1 in production. A pipeline whose clips are n
   * times shorter than production's runs its timeouts n times shorter and states its durations n times longer, so that
   * both read as in production.
   */
  TIME_SCALE: seconds.default(1),
  /** Until somebody sets another (PUT /admin/settings), in seconds of the pipeline's clock. */
  FFMPEG_TIMEOUT_SECONDS: seconds.default(60),
} as const;

const api = z.object({
  ...shared,
  TOKEN_SECRET: z.string().min(16, 'must have at least 16 characters'),
  TOKEN_TTL_MS: duration().default(DAY_MS),
  /** Who holds it may change settings and handle dead letters. */
  ADMIN_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  MAX_UPLOAD_BYTES: whole(1, Number.MAX_SAFE_INTEGER).default(256 * 1024 ** 2),
  /** An upload that sends nothing for so long is given up. */
  UPLOAD_IDLE_TIMEOUT_MS: duration().default(10_000),
  STREAM_URL: url(['http:', 'https:']),
  GORSE_URL: url(['http:', 'https:']),
  ELASTICSEARCH_URL: url(['http:', 'https:']),
  EXTERNAL_TIMEOUT_MS: duration().default(2_000),
  CACHE_TTL_MS: duration().default(60_000),
  /** Entries of each cache; the one used longest ago makes room for one too many. */
  CACHE_MAX_ENTRIES: whole(1, 10_000_000).default(10_000),
});

const worker = z.object({
  ...shared,
  S3_ENDPOINT_URL: url(['http:', 'https:']),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3).default('audio'),
  S3_ACCESS_KEY: z.string().min(1),
  S3_SECRET_KEY: z.string().min(1),
  S3_TIMEOUT_SECONDS: seconds.default(60),
  /** Jobs worked on at once. */
  CONCURRENCY: whole(1, 256).default(2),
  /** Retries after the first attempt. */
  MAX_RETRIES: whole(0, 100).default(3),
  /** Before the first retry; doubles with each one. */
  RETRY_BACKOFF_SECONDS: seconds.default(10),
  /** How long a worker may go without a sign of life until others take its job over. Real: it measures the worker. */
  LEASE_MS: duration(50).default(15_000),
  /** Between two looks for jobs that the stream does not know. */
  DISPATCH_INTERVAL_MS: duration().default(100),
  FFMPEG: z.string().min(1).default('ffmpeg'),
});

export type ApiConfig = Readonly<z.infer<typeof api>>;
export type WorkerConfig = Readonly<z.infer<typeof worker>>;
export type SharedConfig = Pick<ApiConfig, keyof typeof shared>;

/** Throws a ConfigError that names every variable that is missing or wrong. */
export const readApiConfig = (env: NodeJS.ProcessEnv): ApiConfig => readEnvironment(api, env);
/** Throws a ConfigError, likewise. */
export const readWorkerConfig = (env: NodeJS.ProcessEnv): WorkerConfig => readEnvironment(worker, env);
