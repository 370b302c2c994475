/**
 * A distributed lock in Redis: one owner a key at a time, known by a token, freed by its owner or by its expiry.
 * It keeps the requests of one user from queueing on the same database rows; correctness never rests on it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastPath } from './fast-path.ts';

/** Values of the `lock_type` label. */
export const LOCK_TYPES = ['checkout', 'rotation'] as const;
export type LockType = (typeof LOCK_TYPES)[number];

/** Receives what happens to locks. */
export interface LockRecorder {
  /** One attempt to take a lock, retries included. */
  attempt(type: LockType): void;
  /** One attempt that met a lock held by somebody else. */
  contended(type: LockType): void;
  /** A lock was held for `seconds`. */
  held(type: LockType, seconds: number): void;
}

/** Deletes the key only while it still holds our token: after an expiry it may be somebody else's. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

const ATTEMPTS = 4;
/** Longest wait before the first retry; doubles with each one. The actual wait is random, so that crowds disperse. */
const BACKOFF_MS = 20;

export class Locks {
  readonly #fastPath: FastPath;
  readonly #recorder: LockRecorder;
  readonly #ttlMs: number;

  constructor(fastPath: FastPath, recorder: LockRecorder, ttlMs: number) {
    this.#fastPath = fastPath;
    this.#recorder = recorder;
    this.#ttlMs = ttlMs;
  }

  /**
   * Runs `work` under the lock `type`:`key` and returns what it returns, or 'busy' without running it where the lock
   * stayed taken through all attempts. Without Redis `work` runs unlocked.
   */
  async holding<T>(type: LockType, key: string, work: () => Promise<T>, attempts = ATTEMPTS): Promise<T | 'busy'> {
    const name = `flash-sale:lock:${type}:${key}`;
    const token = randomUUID();
    const taken = await this.#take(type, name, token, attempts);
    if (taken === false) return 'busy';
    const began = performance.now();
    try {
      return await work();
    } finally {
      if (taken) {
        await this.#fastPath.eval(RELEASE, name, token);
        this.#recorder.held(type, (performance.now() - began) / 1000);
      }
    }
  }

  /** undefined: Redis gave no answer. Should it have set the lock all the same, its expiry frees it. */
  async #take(type: LockType, name: string, token: string, attempts: number): Promise<boolean | undefined> {
    for (let attempt = 1; ; attempt++) {
      this.#recorder.attempt(type);
      const taken = await this.#fastPath.setIfFree(name, token, this.#ttlMs);
      if (taken !== false) return taken;
      this.#recorder.contended(type);
      if (attempt >= attempts) return false;
      await sleep(Math.random() * BACKOFF_MS * 2 ** (attempt - 1));
    }
  }
}
