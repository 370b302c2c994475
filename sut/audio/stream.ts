/**
 * The job queue's transport: a Redis stream with one consumer group. It says where there may be work and nothing more; the
 * job's state is in the database. So an entry may be lost or come twice, and neither loses nor repeats a job.
 */
import type { Redis } from 'ioredis';

export const STREAM = 'audio:jobs';
export const GROUP = 'workers';
export const DEAD_STREAM = 'audio:dead';
/** The dead letters' stream announces; what is older than this many is in the database alone. */
const DEAD_STREAM_LENGTH = 10_000;

/** One entry as Redis has it: whoever can write to the stream can write anything. */
export interface Entry {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface JobMessage {
  readonly jobId: string;
  readonly correlationId: string;
}

/** Appends a job and returns the entry's id. Throws where Redis does not answer. */
export async function enqueue(redis: Redis, { jobId, correlationId }: JobMessage): Promise<string> {
  const id = await redis.xadd(STREAM, '*', 'job_id', jobId, 'correlation_id', correlationId);
  if (id === null) throw new Error(`${STREAM} took no entry`);
  return id;
}

/** Announces a dead letter. */
export async function announceDead(redis: Redis, facts: Readonly<Record<string, string>>): Promise<void> {
  const fields = Object.entries(facts).flat();
  await redis.xadd(DEAD_STREAM, 'MAXLEN', '~', DEAD_STREAM_LENGTH, '*', ...fields);
}

/** What the consumers of a group do; each method throws where Redis does not answer. */
export class JobStream {
  readonly #redis: Redis;
  /** A connection of its own: a blocking read would hold up every other command. */
  readonly #blocking: Redis;
  readonly #consumer: string;

  constructor(redis: Redis, blocking: Redis, consumer: string) {
    this.#redis = redis;
    this.#blocking = blocking;
    this.#consumer = consumer;
  }

  /** Up to `count` entries nobody has been given yet, waiting for the first up to `blockMs`. */
  async read(count: number, blockMs: number): Promise<Entry[]> {
    const answer = await this.#inGroup(() =>
      this.#blocking.xreadgroup(
        'GROUP',
        GROUP,
        this.#consumer,
        'COUNT',
        count,
        'BLOCK',
        blockMs,
        'STREAMS',
        STREAM,
        '>',
      ),
    );
    const [stream] = (answer ?? []) as [string, RawEntry[]][];
    return entriesOf(stream?.[1] ?? []);
  }

  /** Up to `count` entries that were given to somebody at least `idleMs` ago and never acknowledged. */
  async takeOver(count: number, idleMs: number): Promise<Entry[]> {
    const answer = await this.#inGroup(() =>
      this.#redis.xautoclaim(STREAM, GROUP, this.#consumer, idleMs, '0-0', 'COUNT', count),
    );
    return entriesOf((answer as [string, RawEntry[]])[1]);
  }

  /** The entry is dealt with, or it never was one of ours. */
  async acknowledge(id: string): Promise<void> {
    await this.#redis.multi().xack(STREAM, GROUP, id).xdel(STREAM, id).exec();
  }

  /** Those of these entries that the stream no longer has. */
  async missing(ids: readonly string[]): Promise<Set<string>> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.xrange(STREAM, id, id);
    const answers = (await pipeline.exec()) ?? [];
    const missing = new Set<string>();
    for (const [index, [error, entries]] of answers.entries()) {
      if (error) throw error;
      if ((entries as unknown[]).length === 0) missing.add(ids[index] ?? '');
    }
    return missing;
  }

  /** Runs a command of the group, making the group where it is missing: a Redis that was emptied has none. */
  async #inGroup<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (!String(error).includes('NOGROUP')) throw error;
    }
    await this.#redis.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      // Another worker was faster.
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
    return command();
  }
}

/** An entry that was deleted while somebody held it comes back without fields. */
type RawEntry = [id: string, fields: string[] | null];

const entriesOf = (raw: readonly RawEntry[]): Entry[] =>
  raw.flatMap(([id, fields]) => (fields === null ? [] : [{ id, fields: record(fields) }]));

function record(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}
