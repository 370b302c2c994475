/** The service's configuration: environment variables only, every time in real milliseconds. */
import { z } from 'zod';
import { ConfigError, duration, readEnvironment, url, whole } from '../telemetry/environment.ts';

const schema = z.object({
  PORT: whole(1, 65_535),
  HOST: z.string().min(1).default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** What the deployment lets the process use; exported, not enforced. */
  MEMORY_LIMIT_BYTES: whole(1, Number.MAX_SAFE_INTEGER).default(512 * 1024 ** 2),
  /** How long requests under way may take to finish once the service is asked to end. */
  DRAIN_TIMEOUT_MS: duration().default(10_000),

  DATABASE_URL: url(['postgres:', 'postgresql:']),
  DB_POOL_MAX: whole(1, 1_000).default(10),
  /** How long a request waits for a connection of the pool. */
  DB_ACQUIRE_TIMEOUT_MS: duration().default(5_000),
  DB_STATEMENT_TIMEOUT_MS: duration().default(8_000),
  /** How long the health check waits for the database on its own connection. */
  HEALTH_TIMEOUT_MS: duration().default(3_000),
  /** Between two looks of the health check at the database and Redis. */
  HEALTH_INTERVAL_MS: duration().default(500),

  REDIS_URL: url(['redis:', 'rediss:']),
  REDIS_COMMAND_TIMEOUT_MS: duration().default(500),
  /** When a user's lock frees itself although nobody released it. */
  LOCK_TTL_MS: duration().default(3_000),

  /** Units in a sale, spread evenly over its products. */
  SALE_ITEMS: whole(1, 10_000_000).default(10_000),
  SALE_PRODUCTS: whole(1, 1_000).default(10),
  /** Units one user may reserve and buy in one sale. */
  USER_LIMIT: whole(1, 1_000_000).default(10),
  SALE_DURATION_MS: duration().default(3_600_000),
  /** Between two sales, when nothing is on sale. */
  SALE_PAUSE_MS: duration(0).default(0),
  /** How long a reservation code can be turned into a purchase. */
  RESERVATION_TTL_MS: duration().default(120_000),
});

export type Config = Readonly<z.infer<typeof schema>>;

/** Reads and checks the environment. Throws a ConfigError that names every variable that is missing or wrong. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const config = readEnvironment(schema, env);
  if (config.SALE_PRODUCTS <= config.SALE_ITEMS) return config;
  throw new ConfigError(`SALE_PRODUCTS (${config.SALE_PRODUCTS}) must not exceed SALE_ITEMS (${config.SALE_ITEMS}).`);
}
