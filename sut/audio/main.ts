/** The API of the audio network: `node sut/audio/main.ts`, configured by environment variables alone (config.ts). */
import { createServer } from 'node:http';
import { ConfigError } from '../telemetry/environment.ts';
import { aborted, drain, listen, retryUntil, stopSignal } from '../telemetry/lifecycle.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createApp } from './app.ts';
import { type ApiConfig, readApiConfig } from './config.ts';
import { ensureSchema } from './database.ts';
import { createTelemetry } from './telemetry.ts';

try {
  await serve(readApiConfig(process.env));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function serve(config: ApiConfig): Promise<void> {
  const logger = createLogger({ service: 'audio-api', level: config.LOG_LEVEL });
  const stopping = stopSignal();
  const telemetry = createTelemetry(config);
  const app = createApp({ config, telemetry, logger });
  const booted = await retryUntil(stopping, logger, async () => {
    await ensureSchema(config);
    await app.start();
  });
  if (!booted) {
    await app.stop();
    return;
  }
  const server = createServer(app.handler);
  server.keepAliveTimeout = 65_000;
  // An upload is watched for silence (UPLOAD_IDLE_TIMEOUT_MS), which a slow but steady client does not fall foul of.
  server.requestTimeout = 3_600_000;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A connection that breaks off is its request's business, which counts it.
    if (!error.code?.startsWith('HPE_') || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
      socket.destroy();
      return;
    }
    telemetry.http.malformed();
    logger.warn({ error_code: 'MALFORMED_REQUEST', reason: error.message }, 'what came in is no request');
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await listen(server, config.HOST, config.PORT);
  logger.info({ host: config.HOST, port: config.PORT }, 'listening');

  const signal = await aborted(stopping);
  logger.info({ signal }, 'draining');
  await drain(server, config.DRAIN_TIMEOUT_MS, logger);
  await app.stop();
  logger.info('stopped');
}
