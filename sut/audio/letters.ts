/** What an operator does about dead letters: look at them, try the jobs again, or throw them away. */
import type { MeteredPool } from '../telemetry/postgres.ts';
import { apiStatements } from './statements.ts';

export class Letters {
  readonly #database: MeteredPool;
  readonly #discardUpload: (uploadId: string) => Promise<void>;

  /** `discardUpload` removes the file of an upload that nobody will try again. */
  constructor(database: MeteredPool, discardUpload: (uploadId: string) => Promise<void>) {
    this.#database = database;
    this.#discardUpload = discardUpload;
  }

  /** Those nobody has seen to, the oldest first. */
  list() {
    return this.#database.query(apiStatements.listLetters);
  }

  /** Makes a new job of each dead one; resolves with how many. The dispatcher finds them. */
  async requeue(): Promise<number> {
    return (await this.#database.query(apiStatements.requeueLetters)).length;
  }

  /** Resolves with how many. */
  async discard(): Promise<number> {
    const [row] = await this.#database.query<{ letters: number; uploads: string[] }>(apiStatements.discardLetters);
    await Promise.all((row?.uploads ?? []).map((id) => this.#discardUpload(id)));
    return row?.letters ?? 0;
  }
}
