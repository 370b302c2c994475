/**
 * A forgotten transaction: an outside session takes ACCESS EXCLUSIVE on a table the app writes, and keeps it. Every
 * statement on the table waits, holding its pooled connection, until the pool is dry.
 */
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import { aCount, aName } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { openSession, POSTGRES, quoted, withSession } from './postgres.ts';

export interface ExhaustPoolOptions {
  /** A table that requests write to; default 'reservations'. */
  readonly table?: string;
  /** How many sessions must be seen waiting for it to count as proven; default 10, node-postgres' own pool size. */
  readonly sessions?: number;
}

const RELEASE_WITHIN_MS = 10_000;

/** Throws BAD_OPTION. */
export function exhaustPool({ table = 'reservations', sessions = 10 }: ExhaustPoolOptions = {}): Fault {
  aName(table, 'exhaustPool: table');
  aCount(sessions, 'exhaustPool: sessions');
  return {
    name: 'exhaustPool',
    description: `Another session holds ACCESS EXCLUSIVE on ${table}, so that every statement on it waits with its connection.`,
    targets: [POSTGRES],
    async inject(stack, signal) {
      unlessAborted(signal);
      const holder = await openSession(stack, 'exhaustPool');
      const pid = await takeLock(holder, table).catch(async (error: unknown) => {
        await holder.end().catch(() => {});
        throw new FiredrillError('FAULT_FAILED', `no lock on ${table}: ${messageOf(error)}`, { cause: error });
      });
      return {
        proof: () =>
          withSession(stack, 'proof', async (client) => {
            // Those behind a session that waits for ours wait too, each with its connection.
            const { rows } = await client.query<{ waiting: number; ours: number }>(
              `select count(*)::int as waiting, count(*) filter (where $1 = any (pg_blocking_pids(pid)))::int as ours
               from pg_stat_activity where wait_event_type = 'Lock'`,
              [pid],
            );
            const { waiting, ours } = rows[0] ?? { waiting: 0, ours: 0 };
            return {
              held: ours > 0 && waiting >= sessions,
              seen: `${waiting} sessions wait on Lock, ${ours} of them for ours`,
              source: 'pg_stat_activity',
            };
          }),
        async heal() {
          // Ending the session ends its transaction, even where a rollback would not get through any more.
          await holder.query('rollback').catch(() => {});
          void holder.end().catch(() => {});
          await until(
            `the lock on ${table} is released`,
            () =>
              withSession(stack, 'heal', async (client) => {
                const { rows } = await client.query('select pg_terminate_backend(pid) from pg_locks where pid = $1', [
                  pid,
                ]);
                return rows.length === 0;
              }),
            { withinMs: RELEASE_WITHIN_MS },
          );
        },
      };
    },
  };
}

/** The process id of the session that holds it now. */
async function takeLock(client: Awaited<ReturnType<typeof openSession>>, table: string): Promise<number> {
  await client.query('begin');
  await client.query('set local idle_in_transaction_session_timeout = 0');
  await client.query(`lock table ${quoted(table)} in access exclusive mode`);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid;
  if (pid === undefined) throw new Error('the session has no process id');
  return pid;
}
