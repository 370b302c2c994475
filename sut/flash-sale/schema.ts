/** Creates the tables and functions where they are missing. */
import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';

const SCHEMA = new URL('./schema.sql', import.meta.url);

/**
 * Brings the database of an open connection to the schema; does no harm where it is there already. The advisory lock
 * makes instances that start together take turns: IF NOT EXISTS alone fails when two create the same table at once.
 */
export async function ensureSchema(client: Client): Promise<void> {
  const sql = await readFile(SCHEMA, 'utf8');
  // The notices would say of each table at each start that it exists.
  await client.query(`SET client_min_messages = warning;
    BEGIN; SELECT pg_advisory_xact_lock(hashtext('flash-sale schema')); ${sql} COMMIT;`);
}
