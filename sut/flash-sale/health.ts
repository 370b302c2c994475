/**
 * Health: 503 only when the database does not answer, since nothing can be sold without it; without Redis the service
 * is degraded and works. The database is asked on a connection of its own, so that a busy pool does not look like a
 * dead database.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { Client } from 'pg';
import type { FastPath } from './fast-path.ts';

export interface Health {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly services_status: {
    readonly app: 'up';
    readonly database: 'up' | 'down';
    readonly redis: 'up' | 'down';
  };
  /** Seconds. */
  readonly uptime: number;
  /** Bytes, named as in the runtimes this shape comes from. */
  readonly memory: {
    /** Heap in use. */
    readonly alloc: number;
    /** Heap reserved. V8 does not keep the cumulative figure this stands for elsewhere. */
    readonly total_alloc: number;
    /** Resident set: everything obtained from the system. */
    readonly sys: number;
    /** Garbage collections since the start. */
    readonly num_gc: number;
  };
  readonly event_loop: { readonly lag_p99_ms: number };
}

export class HealthCheck {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #fastPath: FastPath;
  readonly #lag: () => number;
  readonly #collections = new PerformanceObserver((list) => {
    this.#collected += list.getEntries().length;
  });
  #collected = 0;
  #client: Client | undefined;
  #asking: Promise<boolean> | undefined;

  constructor(options: { url: string; timeoutMs: number; fastPath: FastPath; lag: () => number }) {
    this.#url = options.url;
    this.#timeoutMs = options.timeoutMs;
    this.#fastPath = options.fastPath;
    this.#lag = options.lag;
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  async check(): Promise<Health> {
    // Probes that come while one is being answered share its answer: they must not add up to load.
    this.#asking ??= this.#askDatabase().finally(() => {
      this.#asking = undefined;
    });
    const [database, redis] = await Promise.all([this.#asking, this.#fastPath.ping()]);
    const { heapUsed, heapTotal, rss } = process.memoryUsage();
    return {
      status: !database ? 'unavailable' : redis ? 'ok' : 'degraded',
      services_status: { app: 'up', database: database ? 'up' : 'down', redis: redis ? 'up' : 'down' },
      uptime: process.uptime(),
      memory: { alloc: heapUsed, total_alloc: heapTotal, sys: rss, num_gc: this.#collected },
      event_loop: { lag_p99_ms: Math.round(this.#lag() * 1e6) / 1e3 },
    };
  }

  async stop(): Promise<void> {
    this.#collections.disconnect();
    await this.#client?.end().catch(() => {});
  }

  async #askDatabase(): Promise<boolean> {
    try {
      this.#client ??= await this.#connect();
      await this.#client.query('SELECT 1');
      return true;
    } catch {
      // A connection that timed out may answer later, to the wrong question: never use it again.
      void this.#client?.end().catch(() => {});
      this.#client = undefined;
      return false;
    }
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.#url,
      application_name: 'flash-sale health',
      connectionTimeoutMillis: this.#timeoutMs,
      query_timeout: this.#timeoutMs,
    });
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    await client.connect();
    return client;
  }
}
