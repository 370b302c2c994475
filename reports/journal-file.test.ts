import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JournalUnreadable, readJournal } from './journal-file.ts';
import { hostileRun, sampleRun } from './sample.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firedrill-journal-'));
});
afterAll(() => rm(folder, { recursive: true }));

const lines = (events = sampleRun()) => events.map((event) => JSON.stringify(event));

async function reading(content: string) {
  const path = join(folder, 'journal.jsonl');
  await writeFile(path, content);
  return readJournal(path);
}

test('every entry comes back in order', async () => {
  const events = sampleRun('broken');
  expect(await reading(`${lines(events).join('\n')}\n`)).toEqual({ events, cutOffAt: null });
});

test('separators that JSON allows inside strings do not break a line', async () => {
  const { events } = await reading(`${lines(hostileRun()).join('\n')}\n`);
  expect(events).toHaveLength(hostileRun().length);
});

test('a last line that was never finished is left out and named', async () => {
  const all = lines().slice(0, 10);
  const journal = await reading(`${all.join('\n')}\n{"type":"load","at":17`);
  expect(journal.events).toHaveLength(10);
  expect(journal.cutOffAt).toBe(11);
});

test.each([
  ['{"type":"load","at":17', 'is not a journal entry: '],
  ['{"type":"load","at":"soon"}', 'is not a journal entry: at: Invalid input: expected number'],
  ['{"type":"party"}', 'is not a journal entry: type: '],
  ['null', 'is not a journal entry: '],
])('a corrupt line %s is named by its number', async (corrupt, message) => {
  const [first, second, ...rest] = lines();
  const error = await reading([first, second, corrupt, ...rest, ''].join('\n')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(JournalUnreadable);
  expect(error).toMatchObject({
    code: 'JOURNAL_UNREADABLE',
    message: expect.stringContaining(`journal.jsonl:3 ${message}`),
  });
});

test('an empty file and a file of something else are refused', async () => {
  await expect(reading('')).rejects.toThrow('it holds no entries');
  await expect(reading(`${lines()[1]}\n`)).rejects.toThrow('expected a "run" entry first');
});

test('a journal that is not there is one clear message', async () => {
  await expect(readJournal(join(folder, 'nowhere.jsonl'))).rejects.toThrow('does not exist');
  await expect(readJournal(folder)).rejects.toThrow('is a folder');
});
