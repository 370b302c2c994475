import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalEvent } from './journal.ts';
import { openJournal } from './journal-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const trouble = (message: string): JournalEvent => ({ type: 'trouble', at: 1, code: 'TEST', message });
const lines = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n');

describe('the journal', () => {
  it('has each event on a line of its own as soon as it is appended, and tells the run of it', async () => {
    const told: JournalEvent[] = [];
    const path = join(folder, 'plain.jsonl');
    using journal = openJournal(path, (event) => told.push(event));
    const events = [trouble('one'), trouble('two\nlines, é')];
    for (const [index, event] of events.entries()) {
      journal.append(event);
      expect(await lines(path)).toHaveLength(index + 1);
    }
    expect((await lines(path)).map((line) => JSON.parse(line) as unknown)).toEqual(events);
    expect(told).toEqual(events);
    expect(journal.failure).toBeUndefined();
  });

  it('never writes over the journal of another run', async () => {
    const path = join(folder, 'taken.jsonl');
    await writeFile(path, 'mine');
    expect(() => openJournal(path, () => {})).toThrow(
      expect.objectContaining({ code: 'OUTPUT_UNWRITABLE', message: expect.stringContaining(path) }),
    );
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('says which folder cannot be written, and what to do', () => {
    const path = join(folder, 'missing', 'journal.jsonl');
    expect(() => openJournal(path, () => {})).toThrow(/the journal .*missing.* cannot be written: ENOENT.*--out/);
  });

  it('keeps the failure of a disk that fills up, and the run hears of everything all the same', async () => {
    // A file may not grow past this limit in the process below: as on a full disk, the last line is cut off.
    const path = join(folder, 'full.jsonl');
    const script = join(folder, 'fill.ts');
    await writeFile(
      script,
      `import { openJournal } from ${JSON.stringify(join(import.meta.dirname, 'journal-file.ts'))};
       let told = 0;
       const journal = openJournal(${JSON.stringify(path)}, () => { told += 1; });
       for (let n = 0; n < 100; n++) journal.append({ type: 'trouble', at: n, code: 'TEST', message: 'x'.repeat(100) });
       console.log(JSON.stringify({ told, code: journal.failure?.code, message: journal.failure?.message }));`,
    );
    const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -f 2; exec "$0" "$1"', process.execPath, script]);
    expect(JSON.parse(stdout)).toEqual({
      told: 100,
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(`the journal ${path} cannot be written: EFBIG`),
    });
    const whole = (await lines(path)).slice(0, -1);
    expect(whole.map((line) => (JSON.parse(line) as { at: number }).at)).toEqual([...whole.keys()]);
    expect(whole.length).toBeGreaterThan(1);
  });
});
