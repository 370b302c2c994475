/** The application: its parts put together, and its routes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express, { type Express, type RequestHandler } from 'express';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { exposition } from '../telemetry/exposition.ts';
import { correlate, named, observeRequests, quiet } from '../telemetry/http.ts';
import type { Logger } from '../telemetry/logger.ts';
import { MeteredPool } from '../telemetry/postgres.ts';
import { answerError, answerErrors } from './answers.ts';
import { Board, type Sale } from './board.ts';
import type { Config } from './config.ts';
import { ServiceError } from './errors.ts';
import { FastPath } from './fast-path.ts';
import { HealthCheck } from './health.ts';
import { Locks } from './lock.ts';
import { parseCheckout, parsePurchase } from './requests.ts';
import { Shop } from './shop.ts';
import type { Telemetry } from './telemetry.ts';

export interface AppOptions {
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

export interface App {
  /** The request handler, for an HTTP server. */
  readonly handler: Express;
  /** Starts the chores and connects. The schema must be there. Throws DatabaseUnavailable. */
  start(): Promise<void>;
  /** Ends the chores and closes all connections, after the queries under way. */
  stop(): Promise<void>;
}

/** Puts the application together; opens nothing yet. */
export function createApp({ config, telemetry, logger }: AppOptions): App {
  const database = new MeteredPool(createPool(config), telemetry.database, config.DB_POOL_MAX);
  const fastPath = new FastPath(createRedis(config), telemetry.redis, logger, config.REDIS_COMMAND_TIMEOUT_MS);
  const locks = new Locks(fastPath, telemetry.locks, config.LOCK_TTL_MS);
  const shop = new Shop({
    database,
    fastPath,
    locks,
    recorder: telemetry.sales,
    reservationTtlMs: config.RESERVATION_TTL_MS,
  });
  const board = new Board({ config, database, locks, logger, onReturned: (returned) => shop.unmark(returned) });
  telemetry.sales.watch(() => board.progress());
  const health = new HealthCheck({
    url: config.DATABASE_URL,
    timeoutMs: config.HEALTH_TIMEOUT_MS,
    intervalMs: config.HEALTH_INTERVAL_MS,
    fastPath,
    lag: telemetry.lag,
  });

  return {
    handler: routes({ telemetry, logger, shop, board, health }),
    async start() {
      await fastPath.start();
      await board.start();
      await health.start();
    },
    async stop() {
      await board.stop();
      fastPath.stop();
      await Promise.all([database.close(), health.stop()]);
      telemetry.stop();
    },
  };
}

function createPool(config: Config): Pool {
  return new Pool({
    connectionString: config.DATABASE_URL,
    application_name: 'flash-sale',
    max: config.DB_POOL_MAX,
    connectionTimeoutMillis: config.DB_ACQUIRE_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: config.DB_STATEMENT_TIMEOUT_MS,
    // For a server that cannot keep its own time limit: one that was stopped, or that is beyond a dead link.
    query_timeout: config.DB_STATEMENT_TIMEOUT_MS + 1_000,
  });
}

function createRedis(config: Config): Redis {
  return new Redis(config.REDIS_URL, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: config.REDIS_COMMAND_TIMEOUT_MS,
    // Fail at once when it is not there, rather than queue for it.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  });
}

interface Parts {
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly shop: Shop;
  readonly board: Board;
  readonly health: HealthCheck;
}

function routes({ telemetry, logger, shop, board, health }: Parts): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers about a sale are out of date the moment they are sent: hashing each for an ETag would be work for nothing.
  app.disable('etag');
  app.use(observeRequests(telemetry.http, logger), correlate());
  const body: RequestHandler[] = [jsonOnly(), express.json({ limit: '4kb' })];

  app.get('/', named('storefront'), storefront());
  app.get('/sale', named('sale'), async (_request, response) => {
    await board.fresh();
    response.setHeader('Cache-Control', 'no-store');
    response.json(saleAnswer(board));
  });
  app.post('/checkout', named('checkout'), ...body, async (request, response) => {
    const { user_id, item_id } = parseCheckout(request.body);
    response.status(201).json(await shop.checkout(board, user_id, item_id));
  });
  app.post('/purchase', named('purchase'), ...body, async (request, response) => {
    const { code } = parsePurchase(request.body);
    response.json(await shop.purchase(code));
  });
  app.get('/health', named('health'), quiet(), (_request, response) => {
    const answer = health.check();
    response.setHeader('Cache-Control', 'no-store');
    response.status(answer.status === 'unavailable' ? 503 : 200).json(answer);
  });
  app.get('/metrics', named('metrics'), quiet(), exposition(telemetry.registry));

  for (const [path, handler, allowed] of [
    ['/', 'storefront', 'GET, HEAD'],
    ['/sale', 'sale', 'GET, HEAD'],
    ['/checkout', 'checkout', 'POST'],
    ['/purchase', 'purchase', 'POST'],
    ['/health', 'health', 'GET, HEAD'],
    ['/metrics', 'metrics', 'GET, HEAD'],
  ] as const) {
    app.all(path, named(handler), (request, response) => {
      response.setHeader('Allow', allowed);
      answerError(
        response,
        new ServiceError('METHOD_NOT_ALLOWED', `${path} answers ${allowed}, not ${request.method}.`),
      );
    });
  }
  app.use((_request, response) => {
    answerError(response, new ServiceError('NOT_FOUND', 'There is nothing at this address.'));
  });
  app.use(answerErrors(logger));
  return app;
}

/** Bodies must say that they are JSON. A request without any body framing is left to validation. */
function jsonOnly(): RequestHandler {
  return (request, _response, next) => {
    // is() answers null where there is neither a length nor an encoding.
    if (request.is('application/json') === false) {
      throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
    }
    next();
  };
}

/** What GET /sale tells. Times are ISO 8601; `server_time` lets a page correct its own clock. */
function saleAnswer(board: Board) {
  const now = Date.now();
  const sale = board.running(now);
  const next = board.next(now);
  return {
    server_time: new Date(now).toISOString(),
    sale: sale === undefined ? null : describeSale(sale),
    next_sale: next === undefined ? null : { sale_id: next.id, starts_at: new Date(next.startsAt).toISOString() },
  };
}

function describeSale(sale: Sale) {
  return {
    sale_id: sale.id,
    starts_at: new Date(sale.startsAt).toISOString(),
    ends_at: new Date(sale.endsAt).toISOString(),
    user_limit: sale.userLimit,
    items_total: sale.items.reduce((sum, item) => sum + item.stock, 0),
    items_sold: sale.items.reduce((sum, item) => sum + item.sold, 0),
    items: sale.items.map(({ reserved, ...item }) => ({
      ...item,
      available: item.stock - reserved - item.sold,
    })),
  };
}

/** The storefront: one page without outside parts, and a policy that lets nothing but its own script run. */
function storefront(): RequestHandler {
  const page = readFileSync(new URL('./storefront.html', import.meta.url), 'utf8');
  const hashOf = (element: 'script' | 'style') => {
    const content = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page)?.[1] ?? '';
    return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  };
  const policy = [
    "default-src 'none'",
    "connect-src 'self'",
    'img-src data:',
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_request, response) => {
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.type('html').send(page);
  };
}
