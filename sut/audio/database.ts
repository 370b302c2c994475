/** The connection to the books, for the API and the worker alike. */
import { readFile } from 'node:fs/promises';
import { Client, Pool } from 'pg';
import { type DatabaseRecorder, MeteredPool } from '../telemetry/postgres.ts';
import type { SharedConfig } from './config.ts';

const SCHEMA = new URL('./schema.sql', import.meta.url);
/** How long creating the schema may take. */
const SCHEMA_TIMEOUT_MS = 30_000;

/** A pool whose every query is recorded; opens nothing yet. `name` is who the database sees. */
export function openDatabase(config: SharedConfig, recorder: DatabaseRecorder, name: string): MeteredPool {
  const pool = new Pool({
    connectionString: config.DATABASE_URL,
    application_name: name,
    max: config.DB_POOL_MAX,
    connectionTimeoutMillis: config.DB_ACQUIRE_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: config.DB_STATEMENT_TIMEOUT_MS,
    // For a server that cannot keep its own time limit: one that was stopped, or that is beyond a dead link.
    query_timeout: config.DB_STATEMENT_TIMEOUT_MS + 1_000,
  });
  return new MeteredPool(pool, recorder, config.DB_POOL_MAX);
}

/**
 * Creates the tables where they are missing. The advisory lock makes instances that start together take turns: IF NOT
 * EXISTS alone fails when two create the same table at once. Throws the driver's error.
 */
export async function ensureSchema(config: SharedConfig): Promise<void> {
  const client = new Client({
    connectionString: config.DATABASE_URL,
    application_name: 'audio schema',
    connectionTimeoutMillis: config.DB_ACQUIRE_TIMEOUT_MS,
    query_timeout: SCHEMA_TIMEOUT_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const sql = await readFile(SCHEMA, 'utf8');
    // The notices would say of each table at each start that it exists.
    await client.query(`SET client_min_messages = warning;
      BEGIN; SELECT pg_advisory_xact_lock(hashtext('audio schema')); ${sql} COMMIT;`);
  } finally {
    await client.end().catch(() => {});
  }
}
