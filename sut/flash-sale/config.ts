/** The service's configuration: environment variables only, every time in real milliseconds. */
import { z } from 'zod';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const DAY_MS = 86_400_000;
const duration = (min = 1) => whole(min, 30 * DAY_MS);

const url = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), {
    message: `is not an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

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

export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads and checks the environment. Throws a ConfigError that names every variable that is missing or wrong. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) {
    if (result.data.SALE_PRODUCTS <= result.data.SALE_ITEMS) return result.data;
    throw new ConfigError(
      `SALE_PRODUCTS (${result.data.SALE_PRODUCTS}) must not exceed SALE_ITEMS (${result.data.SALE_ITEMS}).`,
    );
  }
  const lines = result.error.issues.map((issue) => describe(String(issue.path[0]), given, issue.message));
  throw new ConfigError(lines.join('\n'));
}

/** Connection addresses carry passwords, so their values stay out of the message. */
function describe(name: string, given: Readonly<Record<string, string | undefined>>, problem: string): string {
  const value = given[name];
  if (value === undefined) return `${name} is not set.`;
  return name.endsWith('_URL') ? `${name} ${problem}.` : `${name}=${JSON.stringify(value)}: ${problem}.`;
}
