/** The worker of the audio network: `node sut/audio/worker/main.ts`, configured by environment variables alone. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import express, { type Express } from 'express';
import { ConfigError } from '../../telemetry/environment.ts';
import { exposition } from '../../telemetry/exposition.ts';
import { listen, retryUntil, stopSignal } from '../../telemetry/lifecycle.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { PipelineClock } from '../clock.ts';
import { readWorkerConfig, type WorkerConfig } from '../config.ts';
import { ensureSchema, openDatabase } from '../database.ts';
import { QueueWatch } from '../queue-state.ts';
import { closeRedis, connectRedis, createRedis } from '../redis.ts';
import { announceDead, JobStream } from '../stream.ts';
import { Dispatcher } from './dispatcher.ts';
import { Jobs } from './jobs.ts';
import { Pipeline } from './pipeline.ts';
import { Storage } from './storage.ts';
import { createWorkerTelemetry } from './telemetry.ts';
import { Worker } from './worker.ts';

/** A blocking read is answered at the latest then. */
const BLOCKING_TIMEOUT_MS = 3_000;

try {
  await work(readWorkerConfig(process.env));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function work(config: WorkerConfig): Promise<void> {
  const logger = createLogger({ service: 'audio-worker', level: config.LOG_LEVEL });
  const stopping = stopSignal();
  const telemetry = createWorkerTelemetry(config);
  const clock = new PipelineClock(config.TIME_SCALE);
  const database = openDatabase(config, telemetry.database, 'audio-worker');
  const redis = createRedis(config.REDIS_URL, config.REDIS_COMMAND_TIMEOUT_MS);
  const blocking = createRedis(config.REDIS_URL, BLOCKING_TIMEOUT_MS);
  const owner = `${hostname()}-${process.pid}-${Date.now().toString(36)}`;
  const stream = new JobStream(redis, blocking, owner);
  const jobs = new Jobs(database, owner, config.LEASE_MS);
  const storage = new Storage(config, clock, telemetry.external);
  const pipeline = new Pipeline({ clock, storage, uploads: config.UPLOAD_DIR, staged: telemetry.pipeline.staged });
  const watch = new QueueWatch(database, config.LOOK_INTERVAL_MS);
  const announce = (facts: Readonly<Record<string, string>>) =>
    announceDead(redis, facts).catch((error: unknown) => {
      // It is in the books, which is what counts.
      logger.warn({ reason: String(error) }, 'a dead letter was not announced');
    });

  const booted = await retryUntil(stopping, logger, async () => {
    await ensureSchema(config);
    await pipeline.prepare();
  });
  if (booted) {
    await Promise.all([connectRedis(redis, logger), blocking.connect().catch(() => {}), storage.prepare(stopping)]);
    blocking.on('error', () => {});
    await watch.start();
    const server = createServer(endpoints());
    await listen(server, config.HOST, config.PORT);
    logger.info({ host: config.HOST, port: config.PORT }, 'working');
    const dispatcher = new Dispatcher({ database, redis, stream, intervalMs: config.DISPATCH_INTERVAL_MS, logger });
    const attempts = { config, clock, database, jobs, pipeline, recorder: telemetry.pipeline, logger, announce };
    const worker = new Worker({ config, stream, jobs, logger, attempts });
    await Promise.all([worker.run(stopping), dispatcher.run(stopping)]);
    server.close();
    server.closeAllConnections();
    await watch.stop();
  }
  closeRedis(redis);
  closeRedis(blocking);
  storage.close();
  await database.close();
  telemetry.stop();
  logger.info('stopped');

  /** A worker that cannot reach its books is of no use; without Redis it waits, and nothing is lost. */
  function endpoints(): Express {
    const app = express();
    app.disable('x-powered-by');
    app.get('/health', (_request, response) => {
      const up = (is: boolean) => (is ? 'up' : 'down');
      const [data, queue] = [watch.answered, redis.status === 'ready'];
      response.status(data ? 200 : 503).json({
        status: !data ? 'unavailable' : queue ? 'ok' : 'degraded',
        services_status: { worker: 'up', database: up(data), redis: up(queue) },
        uptime: process.uptime(),
      });
    });
    app.get('/metrics', exposition(telemetry.registry));
    return app;
  }
}
