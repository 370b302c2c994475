/**
 * Redis as the fast path. Nothing the service promises depends on it, so no operation here ever throws: what gets no
 * answer, or none in time, resolves to undefined, is counted, and the caller goes on with Postgres alone.
 *
 * A Redis that stops answering would cost every request one timeout per command. So the first timeout marks it stalled;
 * from then on commands are not sent, until a PING sent on the side is answered.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../telemetry/logger.ts';
import type { RedisRecorder, RedisState } from '../telemetry/redis.ts';

/** Values of the `command` label. */
export const COMMANDS = ['get', 'set', 'del', 'eval', 'ping'] as const;
type Command = (typeof COMMANDS)[number];

/** How often a silent connection is asked for a sign of life. */
const HEARTBEAT_MS = 250;

const STATES: Readonly<Record<string, RedisState>> = {
  ready: 'ready',
  wait: 'connecting',
  connecting: 'connecting',
  connect: 'connecting',
  reconnecting: 'reconnecting',
  close: 'closed',
  end: 'closed',
};

export class FastPath {
  readonly #redis: Redis;
  readonly #recorder: RedisRecorder;
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  #stalled = false;
  #lastAnswer = performance.now();
  #heartbeat: NodeJS.Timeout | undefined;
  #probing = false;

  /** `redis` must be configured to fail at once when it is not connected (no offline queue). */
  constructor(redis: Redis, recorder: RedisRecorder, logger: Logger, timeoutMs: number) {
    this.#redis = redis;
    this.#recorder = recorder;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    recorder.watch(() => [this.state]);
    redis.on('ready', () => logger.info('redis is connected'));
    // Reported once per outage, not once per attempt to reconnect; each failed operation is counted anyway.
    redis.on('close', () => logger.warn('redis connection lost'));
    redis.on('error', (error) => logger.debug({ err: error }, 'redis connection error'));
  }

  get state(): RedisState {
    const state = STATES[this.#redis.status] ?? 'closed';
    return state === 'ready' && this.#stalled ? 'stalled' : state;
  }

  /** Connects, and keeps the connection from then on. Resolves when the first try is over, however it went. */
  async start(): Promise<void> {
    await this.#redis.connect().catch(() => {
      // The client goes on trying by itself.
    });
    this.#heartbeat = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    this.#redis.removeAllListeners('close');
    this.#redis.disconnect();
  }

  /** The value, null where there is none. */
  get(key: string): Promise<string | null | undefined> {
    return this.#run('get', () => this.#redis.get(key));
  }

  /** Keeps the value for `ttlMs`. */
  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#run('set', () => this.#redis.set(key, value, 'PX', ttlMs));
  }

  /** True where the key was free and is now set, false where it was taken. */
  async setIfFree(key: string, value: string, ttlMs: number): Promise<boolean | undefined> {
    const answer = await this.#run('set', () => this.#redis.set(key, value, 'PX', ttlMs, 'NX'));
    return answer === undefined ? undefined : answer === 'OK';
  }

  async delete(...keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#run('del', () => this.#redis.del(...keys));
  }

  /** Runs a Lua script on one key, atomically. */
  eval(script: string, key: string, argument: string): Promise<unknown> {
    return this.#run('eval', () => this.#redis.eval(script, 1, key, argument));
  }

  /** Whether Redis answers now. */
  async ping(): Promise<boolean> {
    return (await this.#run('ping', () => this.#redis.ping())) === 'PONG';
  }

  async #run<T>(command: Command, send: () => Promise<T>): Promise<T | undefined> {
    if (this.state !== 'ready') {
      this.#recorder.error(command);
      return undefined;
    }
    return this.#send(command, send);
  }

  async #send<T>(command: Command, send: () => Promise<T>): Promise<T | undefined> {
    const began = performance.now();
    try {
      const answer = await send();
      this.#lastAnswer = performance.now();
      return answer;
    } catch (error) {
      this.#recorder.error(command);
      // The client's timeout error has no code; that the time is up and the connection still there says as much.
      if (this.#redis.status === 'ready' && performance.now() - began >= this.#timeoutMs) this.#stall(error);
      return undefined;
    } finally {
      this.#recorder.command(command, (performance.now() - began) / 1000);
    }
  }

  #stall(cause: unknown): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#logger.warn({ err: cause }, 'redis does not answer, going on without it');
  }

  /** A PING when nothing else has been answered lately: it finds out that Redis stalled, and that it is back. */
  async #beat(): Promise<void> {
    if (this.#probing || this.#redis.status !== 'ready') return;
    if (!this.#stalled && performance.now() - this.#lastAnswer < HEARTBEAT_MS) return;
    this.#probing = true;
    const answer = await this.#send('ping', () => this.#redis.ping());
    this.#probing = false;
    if (answer === 'PONG' && this.#stalled) {
      this.#stalled = false;
      this.#logger.info('redis answers again');
    }
  }
}
