/**
 * Health: 503 only when the database does not answer, since nothing can be sold without it; without Redis the service
 * is degraded and works. The database is asked on a connection of its own, so that a busy pool does not look like a
 * dead database.
 *
 * It looks in the background and answers with its latest look, so that an answer never waits: a prober with a short
 * timeout must not take a slow database for a dead process, nor add to its load.
 */

import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
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
  #latest: { readonly database: boolean; readonly redis: boolean } | undefined;
  #looking: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  readonly #intervalMs: number;

  /** `timeoutMs`: how long the database may take. `intervalMs`: the pause between two looks. */
  constructor(options: { url: string; timeoutMs: number; intervalMs: number; fastPath: FastPath; lag: () => number }) {
    this.#url = options.url;
    this.#timeoutMs = options.timeoutMs;
    this.#intervalMs = options.intervalMs;
    this.#fastPath = options.fastPath;
    this.#lag = options.lag;
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** Takes the first look and goes on looking until stop(). */
  async start(): Promise<void> {
    await this.#look();
    this.#looking = this.#keepLooking();
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await sleep(this.#intervalMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const [database, redis] = await Promise.all([this.#askDatabase(), this.#fastPath.ping()]);
    this.#latest = { database, redis };
  }

  check(): Health {
    const { database, redis } = this.#latest ?? { database: false, redis: false };
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
    this.#stopped.abort();
    this.#collections.disconnect();
    // A look under way may be opening a connection, which would keep the process alive.
    await this.#looking;
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
