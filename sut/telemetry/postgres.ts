/**
 * Postgres telemetry: a pool whose queries are timed per kind and table, whose failures are counted, and whose
 * connections are gauged. Time spent waiting for a connection is not query time; the gauges show that.
 */
import { DatabaseError, type Pool, type PoolClient, type QueryResultRow } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Distribution, kept, type Series } from './distribution.ts';

/** A prepared statement and how it is labelled. `text` is parsed once per connection under `name`. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** What it does in the main: 'select', 'insert', 'update', 'delete' or 'ddl'. */
  readonly queryType: string;
  /** The table it is about. */
  readonly table: string;
}

/** Receives what happens at the database. */
export interface DatabaseRecorder {
  /** A connection was had after `seconds`, or not had. */
  waited(seconds: number): void;
  /** A query that reached the database took `seconds`, whether it succeeded or not. */
  query(queryType: string, table: string, seconds: number): void;
  /** An operation failed, whether it reached the database or not. */
  error(queryType: string): void;
  /** Gauges the pool from now on. `max` is the most connections it opens. */
  watch(pool: Pool, max: number): void;
}

/** The query_type under which the loss of an idle connection is counted. */
export const CONNECTION = 'connection';

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface DatabaseMetrics {
  /** What the label that holds a statement's kind is called; 'query_type' unless given. */
  readonly typeLabel?: string;
  /** Counts queries, and those that took longer than these seconds, and times the wait for a connection. */
  readonly slowSeconds?: number;
}

/** Registers the db_* metrics, with the series of the given statements at 0. */
export function databaseRecorder(
  registry: Registry,
  statements: readonly Statement[],
  { typeLabel = 'query_type', slowSeconds }: DatabaseMetrics = {},
): DatabaseRecorder {
  const registers = [registry];
  const duration = new Distribution({
    name: 'db_query_duration_seconds',
    help: 'Time a query took at the database, without the wait for a connection',
    buckets: BUCKETS,
    registry,
  });
  const known = new Map<string, Map<string, Series>>();
  const seriesOf = (queryType: string, table: string): Series => {
    const tables = kept(known, queryType, () => new Map<string, Series>());
    return kept(tables, table, () => duration.add({ [typeLabel]: queryType, table }));
  };
  const waits = slowSeconds === undefined ? undefined : waitsForConnections(registry);
  const slow = slowSeconds === undefined ? undefined : slowQueries(registry, typeLabel);
  if (slowSeconds !== undefined) duration.countAs('db_queries_total', 'Queries that reached the database');
  const errors = new Counter({
    name: 'db_errors_total',
    help: 'Database operations that failed',
    labelNames: [typeLabel],
    registers,
  });
  errors.inc({ [typeLabel]: CONNECTION }, 0);
  for (const { queryType, table } of statements) {
    seriesOf(queryType, table);
    slow?.inc({ [typeLabel]: queryType, table }, 0);
    errors.inc({ [typeLabel]: queryType }, 0);
  }
  return {
    waited: (seconds) => waits?.observe(seconds),
    query(queryType, table, seconds) {
      seriesOf(queryType, table).observe(seconds);
      if (slowSeconds !== undefined && seconds > slowSeconds) slow?.inc({ [typeLabel]: queryType, table });
    },
    error: (queryType) => errors.inc({ [typeLabel]: queryType }),
    watch(pool, max) {
      if (waits !== undefined) {
        new Gauge({
          name: 'db_connection_pool_usage',
          help: 'Share of the pool that is checked out or being opened, 0 to 1',
          registers,
          collect() {
            this.set((pool.totalCount - pool.idleCount) / max);
          },
        });
      }
      new Gauge({
        name: 'db_connections_active',
        help: 'Connections checked out of the pool or being opened',
        registers,
        collect() {
          this.set(pool.totalCount - pool.idleCount);
        },
      });
      new Gauge({
        name: 'db_connections_idle',
        help: 'Open connections nobody uses',
        registers,
        collect() {
          this.set(pool.idleCount);
        },
      });
      new Gauge({ name: 'db_connections_max', help: 'Most connections the pool opens', registers }).set(max);
    },
  };
}

const waitsForConnections = (registry: Registry): Series =>
  new Distribution({
    name: 'db_connection_wait_time_seconds',
    help: 'Time a query waited for a connection of the pool',
    buckets: BUCKETS,
    registry,
  }).add({});

const slowQueries = (registry: Registry, typeLabel: string) =>
  new Counter({
    name: 'db_slow_queries_total',
    help: 'Queries that took longer than the service calls slow',
    labelNames: [typeLabel, 'table'],
    registers: [registry],
  });

/** The database did not do what it was asked, in time or at all; `cause` is the driver's error. */
export class DatabaseUnavailable extends Error {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseUnavailable';
  }
}

/** A pool whose every query is recorded. */
export class MeteredPool {
  readonly #pool: Pool;
  readonly #recorder: DatabaseRecorder;

  constructor(pool: Pool, recorder: DatabaseRecorder, max: number) {
    this.#pool = pool;
    this.#recorder = recorder;
    recorder.watch(pool, max);
    // Idle connections die with the server; the pool has dropped them already, and the next query opens a new one.
    pool.on('error', () => recorder.error(CONNECTION));
    // A connection lost under a query rejects that query and also emits 'error', which nobody else listens for.
    pool.on('connect', (client) => client.on('error', () => {}));
  }

  /**
   * Runs one statement and returns its rows. Throws DatabaseUnavailable when no connection could be had or the
   * connection, the server or the time allowed gave out; any other failure is a defect and thrown as it is.
   */
  async query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await this.#connect(statement);
    const began = performance.now();
    let fatal: Error | undefined;
    try {
      const { rows } = await client.query<Row>({ name: statement.name, text: statement.text, values: [...values] });
      return rows;
    } catch (error) {
      this.#recorder.error(statement.queryType);
      const failure = error instanceof Error ? error : new Error(String(error));
      const kind = classify(failure);
      if (kind === 'connection') fatal = failure;
      if (kind === 'defect') throw failure;
      throw new DatabaseUnavailable(`${statement.name} failed: ${failure.message}`, { cause: failure });
    } finally {
      this.#recorder.query(statement.queryType, statement.table, (performance.now() - began) / 1000);
      // A connection that failed is closed, one whose statement merely failed goes back to the pool.
      client.release(fatal);
    }
  }

  /** Waits for the queries under way and closes all connections. */
  close(): Promise<void> {
    return this.#pool.end();
  }

  async #connect(statement: Statement): Promise<PoolClient> {
    const began = performance.now();
    try {
      return await this.#pool.connect();
    } catch (error) {
      this.#recorder.error(statement.queryType);
      const cause = error instanceof Error ? error : new Error(String(error));
      throw new DatabaseUnavailable(`no database connection for ${statement.name}: ${cause.message}`, { cause });
    } finally {
      this.#recorder.waited((performance.now() - began) / 1000);
    }
  }
}

/**
 * What a failed query means, by SQLSTATE class (Postgres manual, appendix A): 40 (rolled back: deadlock), 53 (no
 * resources), 55 (not available) and 57014 (cancelled by the statement timeout) that the server could not do it now; 08,
 * the rest of 57 (shutting down), and whatever does not come from the server (socket, read timeout) that the connection
 * is gone; anything else that we asked for something wrong.
 */
function classify(failure: Error): 'statement' | 'connection' | 'defect' {
  if (!(failure instanceof DatabaseError)) return 'connection';
  const state = failure.code ?? '';
  if (/^(40|53|55)/.test(state) || state === '57014') return 'statement';
  return /^(08|57)/.test(state) ? 'connection' : 'defect';
}
