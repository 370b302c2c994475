/** The flash sale service: `node sut/flash-sale/main.ts`, configured by environment variables alone (config.ts). */
import { createServer } from 'node:http';
import { Client } from 'pg';
import { ConfigError } from '../telemetry/environment.ts';
import { aborted, drain, listen, retryUntil, stopSignal } from '../telemetry/lifecycle.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { ensureSchema } from './schema.ts';
import { createTelemetry } from './telemetry.ts';

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
  await listen(server, config.HOST, config.PORT);
  logger.info({ host: config.HOST, port: config.PORT }, 'listening');

  const signal = await aborted(stopping);
  logger.info({ signal }, 'draining');
  await drain(server, config.DRAIN_TIMEOUT_MS, logger);
  await app.stop();
  logger.info('stopped');
  // The log is written asynchronously: the process ends by itself once that is done and nothing else is open.
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
