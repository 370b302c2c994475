/** The flash sale service: `node sut/flash-sale/main.ts`, configured by environment variables alone (config.ts). */
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { ensureSchema } from './schema.ts';
import { createTelemetry } from './telemetry.ts';

const BOOT_RETRY_MS = 500;
/** How long creating the schema may take. */
const SCHEMA_TIMEOUT_MS = 30_000;

try {
  await serve(readConfig(process.env));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function serve(config: Config): Promise<void> {
  const logger = createLogger({ service: 'flash-sale', level: config.LOG_LEVEL });
  const stopping = stopSignal();
  const telemetry = createTelemetry({ memoryLimitBytes: config.MEMORY_LIMIT_BYTES });
  const app = createApp({ config, telemetry, logger });

  // A database that comes up later than the service is no reason to fail.
  const booted = await retryUntil(stopping, logger, async () => {
    await prepareDatabase(config);
    await app.start();
  });
  if (!booted) {
    await app.stop();
    return;
  }

  const server = createServer(app.handler);
  // Idle connections are kept longer than usual load generators and proxies keep theirs, so that they close first.
  server.keepAliveTimeout = 65_000;
  await listen(server, config);
  logger.info({ host: config.HOST, port: config.PORT }, 'listening');

  const signal = await aborted(stopping);
  logger.info({ signal }, 'draining');
  await drain(server, config.DRAIN_TIMEOUT_MS, logger);
  await app.stop();
  logger.info('stopped');
  // The log is written asynchronously: the process ends by itself once that is done and nothing else is open.
}

/** Aborts at the first SIGTERM or SIGINT, with the signal as its reason. SIGUSR1 stays Node's own. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => controller.abort(signal));
  }
  return controller.signal;
}

async function prepareDatabase(config: Config): Promise<void> {
  const client = new Client({
    connectionString: config.DATABASE_URL,
    application_name: 'flash-sale schema',
    connectionTimeoutMillis: config.DB_ACQUIRE_TIMEOUT_MS,
    query_timeout: SCHEMA_TIMEOUT_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    await ensureSchema(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Tries until it succeeds (true) or the signal aborts (false). */
async function retryUntil(signal: AbortSignal, logger: Logger, attempt: () => Promise<void>): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await attempt();
      return true;
    } catch (error) {
      logger.error({ err: error }, 'cannot start yet, trying again');
      await sleep(BOOT_RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  return false;
}

function listen(server: Server, { HOST, PORT }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: HOST, port: PORT, backlog: 4096 }, resolve);
  });
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Takes no more connections and waits for the requests under way; after `timeoutMs` they are cut off. */
async function drain(server: Server, timeoutMs: number, logger: Logger): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Kept-alive connections become idle one by one as their answers go out.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => {
    logger.warn('requests did not finish in time and are cut off');
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
