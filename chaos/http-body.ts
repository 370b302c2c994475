/** What can be done to a body on its way, without holding more of it than the chunk at hand. */
import { Transform, type TransformCallback } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const PIECE_MS = 50;

/** Passes so many bytes a second, evenly; everything at once as soon as it is `over`. */
export class Trickle extends Transform {
  readonly #bytesPerSecond: number;
  readonly #stop = new AbortController();
  readonly #over: AbortSignal;
  readonly #held: (ms: number) => void;
  #began: number | undefined;
  #passed = 0;

  /** `held` is told how long each chunk was held. */
  constructor(bytesPerSecond: number, over: AbortSignal, held: (ms: number) => void) {
    super();
    this.#bytesPerSecond = bytesPerSecond;
    this.#over = AbortSignal.any([over, this.#stop.signal]);
    this.#held = held;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    void this.#trickle(chunk).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stop.abort();
    done(error);
  }

  async #trickle(chunk: Buffer): Promise<void> {
    const came = performance.now();
    this.#began ??= came;
    const piece = Math.max(1, Math.ceil((this.#bytesPerSecond * PIECE_MS) / 1000));
    let at = 0;
    while (at < chunk.length && !this.#over.aborted) {
      const next = chunk.subarray(at, at + piece);
      at += next.length;
      this.#passed += next.length;
      const dueAt = this.#began + (this.#passed / this.#bytesPerSecond) * 1000;
      await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal: this.#over }).catch(() => {});
      if (!this.destroyed) this.push(next);
    }
    if (at < chunk.length && !this.destroyed) this.push(chunk.subarray(at));
    this.#held(performance.now() - came);
  }
}

/** Passes the first bytes and swallows the rest. */
export class Cut extends Transform {
  readonly #cut: () => void;
  #left: number | undefined;
  #done = false;

  /** `length`: of the whole body, of which half passes; of one that does not say it, the first chunk does. */
  constructor(length: number | undefined, cut: () => void) {
    super();
    this.#left = length === undefined ? undefined : Math.floor(length / 2);
    this.#cut = cut;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.#done) {
      const passes = this.#left === undefined ? chunk : chunk.subarray(0, this.#left);
      if (passes.length > 0) this.push(passes);
      if (this.#left !== undefined) this.#left -= passes.length;
      if ((this.#left ?? 0) === 0) this.#end();
    }
    done();
  }

  /** A body that ends earlier than it said is cut where it ends; the end itself never passes. */
  override _flush(): void {
    if (!this.#done) this.#end();
  }

  #end(): void {
    this.#done = true;
    this.#cut();
  }
}
