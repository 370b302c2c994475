/**
 * An outside session with the run's Postgres, as its superuser: a cluster lives as long as a run, listens on loopback
 * alone, and trusts. The connection's facts are here and nowhere else.
 */
import { Client, escapeIdentifier } from 'pg';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Stack } from '../harness/stack/service.ts';

export const POSTGRES = 'postgres';

/** How long a statement of ours may take; also the longest wait for a lock. */
const STATEMENT_WITHIN_MS = 5_000;

/** Connects, past any interceptor on the apps' link. Throws FAULT_FAILED. The caller ends it. */
export async function openSession(stack: Stack, why: string): Promise<Client> {
  const { host, port } = stack.service(POSTGRES).endpoint;
  const client = new Client({
    host,
    port,
    user: 'postgres',
    database: 'postgres',
    application_name: `firedrill ${why}`,
    connectionTimeoutMillis: STATEMENT_WITHIN_MS,
    lock_timeout: STATEMENT_WITHIN_MS,
    query_timeout: STATEMENT_WITHIN_MS + 1_000,
  });
  // A session lost later shows in the next query; unheard, the event would end the run.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new FiredrillError('FAULT_FAILED', `no session with Postgres at ${host}:${port}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return client;
}

/** Opens a session for one piece of work. */
export async function withSession<T>(stack: Stack, why: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openSession(stack, why);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** 'sales.items' → '"sales"."items"'. */
export const quoted = (table: string): string => table.split('.').map(escapeIdentifier).join('.');

/** Whether the table is there. */
export async function tableExists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    quoted(table),
  ]);
  return rows[0]?.found === true;
}
