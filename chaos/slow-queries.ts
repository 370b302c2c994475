/**
 * Slow queries: another session locks a table again and again for a short time, as a careless migration or a batch job does.
 * Whatever comes in that time waits for the rest of it, and then goes through.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Stack } from '../harness/stack/service.ts';
import type { Duration } from '../harness/units.ts';
import { aName, someTime } from './arguments.ts';
import { unlessAborted } from './patience.ts';
import { openSession, POSTGRES, quoted } from './postgres.ts';

export interface SlowQueriesOptions {
  /** Every query on it is slow, reads too. */
  readonly table: string;
  /** How long each lock lasts, in real time: the longest that a query is slower. */
  readonly forEach: Duration;
  /** From the start of one lock to the start of the next. */
  readonly every: Duration;
}

const WHY = 'slowQueries';
const AGAIN_MS = 200;

/** Throws BAD_UNIT, BAD_OPTION. */
export function slowQueries({ table, forEach, every }: SlowQueriesOptions): Fault {
  aName(table, 'slowQueries: table');
  const lockMs = someTime(forEach, 'slowQueries: forEach');
  const everyMs = someTime(every, 'slowQueries: every');
  if (lockMs >= everyMs) {
    throw new FiredrillError(
      'BAD_OPTION',
      `slowQueries: forEach is '${forEach}' and every is '${every}'; expected pauses between the locks.`,
    );
  }
  return {
    name: 'slowQueries',
    description: `Another session locks ${table} for ${forEach} every ${every} (ACCESS EXCLUSIVE), so that queries on it wait.`,
    targets: [POSTGRES],
    async inject(stack, signal) {
      unlessAborted(signal);
      const locks = await RepeatedLock.open(stack, table, lockMs, everyMs);
      return {
        async proof() {
          const { waited, longestMs } = locks;
          return {
            held: waited > 0,
            seen: `${waited} queries seen waiting for our lock${waited > 0 ? `, the longest for ${longestMs} ms` : ''}`,
            source: 'pg_stat_activity',
          };
        },
        heal: () => locks.close(),
      };
    },
  };
}

class RepeatedLock {
  /** Queries that waited when a lock was let go, and how long the longest had until then. */
  waited = 0;
  longestMs = 0;
  readonly #stop = new AbortController();
  readonly #stack: Stack;
  readonly #table: string;
  readonly #lockMs: number;
  readonly #everyMs: number;
  #work: Promise<void> = Promise.resolve();

  /** Resolves once the first lock was taken. Throws FAULT_FAILED. */
  static async open(stack: Stack, table: string, lockMs: number, everyMs: number): Promise<RepeatedLock> {
    const locks = new RepeatedLock(stack, table, lockMs, everyMs);
    const first = await openSession(stack, WHY);
    try {
      await locks.#take(first);
    } catch (error) {
      await first.end().catch(() => {});
      throw new FiredrillError('FAULT_FAILED', `no lock on ${table}: ${messageOf(error)}`, { cause: error });
    }
    locks.#work = locks.#repeat(first);
    return locks;
  }

  constructor(stack: Stack, table: string, lockMs: number, everyMs: number) {
    this.#stack = stack;
    this.#table = table;
    this.#lockMs = lockMs;
    this.#everyMs = everyMs;
  }

  /** Resolves when no lock is held, nor taken any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async #repeat(first: Client): Promise<void> {
    let session: Client | undefined = first;
    let began = performance.now();
    while (!this.#stop.signal.aborted) {
      try {
        if (session === undefined) {
          session = await openSession(this.#stack, WHY);
          began = performance.now();
          await this.#take(session);
        }
        await this.#pause(this.#lockMs);
        await this.#letGo(session);
        await this.#pause(began + this.#everyMs - performance.now());
        began = performance.now();
        if (!this.#stop.signal.aborted) await this.#take(session);
      } catch {
        // Lost with its lock, or waiting for one in vain: another session tries again.
        await session?.end().catch(() => {});
        session = undefined;
        await this.#pause(AGAIN_MS);
      }
    }
    // Its end is the end of its transaction, and resolves when Postgres has closed it.
    await session?.end().catch(() => {});
  }

  async #take(session: Client): Promise<void> {
    await session.query('begin');
    await session.query(`lock table ${quoted(this.#table)} in access exclusive mode`);
  }

  async #letGo(session: Client): Promise<void> {
    // In a transaction the first look at the view is the only one, and this is it.
    const { rows } = await session.query<{ waited: number; longest: number }>(
      `select count(*)::int as waited,
              coalesce(max(extract(epoch from clock_timestamp() - query_start) * 1000), 0)::int as longest
       from pg_stat_activity where wait_event_type = 'Lock' and pg_backend_pid() = any (pg_blocking_pids(pid))`,
    );
    await session.query('commit');
    this.waited += rows[0]?.waited ?? 0;
    this.longestMs = Math.max(this.longestMs, rows[0]?.longest ?? 0);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
