/**
 * Reads a run's journal from disk. A line that cannot be read stops everything and is named by its number: a report of
 * half the evidence would be worse than none. The one exception is a last line that was never finished, which is what a
 * killed run leaves behind; it is left out and said so.
 */
import { createReadStream } from 'node:fs';
import { eventSchema, type JournalEvent } from '../harness/journal.ts';

/** The journal cannot be used; the message says which file, which line, and why. Stable `code` for programs. */
export class JournalUnreadable extends Error {
  readonly code = 'JOURNAL_UNREADABLE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalUnreadable';
  }
}

export interface Journal {
  readonly events: readonly JournalEvent[];
  /** Number of the last line where it was cut off in the middle; null for a whole file. */
  readonly cutOffAt: number | null;
}

/** Events of the journal at `path`, in the order written. Throws JournalUnreadable. */
export async function readJournal(path: string): Promise<Journal> {
  const events: JournalEvent[] = [];
  let line = 0;
  let cutOffAt: number | null = null;
  for await (const { text, whole } of linesOf(path)) {
    line += 1;
    if (text.trim() === '') continue;
    const parsed = parseLine(text);
    if ('event' in parsed) events.push(parsed.event);
    else if (parsed.unfinished && !whole) cutOffAt = line;
    else throw new JournalUnreadable(`${path}:${line} is not a journal entry: ${parsed.why}.`);
  }
  if (events[0]?.type !== 'run') {
    const found = events[0] === undefined ? 'it holds no entries' : `its first entry is "${events[0].type}"`;
    throw new JournalUnreadable(`${path} is not the journal of a run: ${found}, expected a "run" entry first.`);
  }
  return { events, cutOffAt };
}

/**
 * Lines end in a line feed and nothing else; node:readline would also break them at U+2028, which JSON allows inside a
 * string. `whole` is false for a last line without its line feed.
 */
async function* linesOf(path: string): AsyncGenerator<{ text: string; whole: boolean }> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) yield { text, whole: true };
    }
  } catch (cause) {
    throw new JournalUnreadable(whyUnopened(path, cause), { cause });
  }
  if (rest !== '') yield { text: rest, whole: false };
}

function parseLine(text: string): { event: JournalEvent } | { why: string; unfinished: boolean } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { why: error instanceof Error ? error.message : 'it is not JSON', unfinished: true };
  }
  const result = eventSchema.safeParse(json);
  if (result.success) return { event: result.data };
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { why: `${where}${issue?.message ?? 'it does not fit the schema'}`, unfinished: false };
}

function whyUnopened(path: string, cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `${path} does not exist. Give the folder of a run, e.g. reports/out/latest.`;
  if (code === 'EISDIR') return `${path} is a folder; expected the journal file of a run.`;
  return `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
}
