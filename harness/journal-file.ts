/**
 * The journal's writer. Each event is one synchronous append, so that whatever ends the run (Ctrl-C, a crash, SIGKILL)
 * leaves every earlier line whole.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { FiredrillError, messageOf } from './errors.ts';
import type { JournalEvent } from './journal.ts';

export interface Journal extends Disposable {
  readonly path: string;
  append(event: JournalEvent): void;
  /** What went wrong writing (a full disk), once; what is appended later is lost on disk but not in the run. */
  readonly failure: FiredrillError | undefined;
}

/** Throws OUTPUT_UNWRITABLE where the file cannot be created. */
export function openJournal(path: string, onEvent: (event: JournalEvent) => void): Journal {
  let file: number;
  try {
    file = openSync(path, 'ax');
  } catch (error) {
    throw unwritable(path, error);
  }
  let failure: FiredrillError | undefined;
  return {
    path,
    get failure() {
      return failure;
    },
    append(event) {
      onEvent(event);
      if (failure) return;
      try {
        const line = Buffer.from(`${JSON.stringify(event)}\n`);
        for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
      } catch (error) {
        failure = unwritable(path, error);
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

const unwritable = (path: string, error: unknown) =>
  new FiredrillError(
    'OUTPUT_UNWRITABLE',
    `the journal ${path} cannot be written: ${messageOf(error)}. Free some space, or choose another folder with --out.`,
    { cause: error },
  );
