import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runJsonSchema } from './run-json.ts';
import { killedRun, sampleRun } from './sample.ts';
import { jsonSchema, SCHEMA_FILE } from './schema.ts';
import { ReportUnwritable, writeReports } from './write.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firedrill-reports-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const journal = (events = sampleRun()) =>
  writeFile(join(folder, 'journal.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));

/** The command as npm runs it; resolves with what it printed and its exit code. */
function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = fileURLToPath(new URL('./render.ts', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

test('all four reports lie beside the journal, and nothing else', async () => {
  await journal();
  const written = await writeReports(folder);
  expect((await readdir(folder)).sort()).toEqual([
    'journal.jsonl',
    'junit.xml',
    'report.html',
    'run.json',
    'summary.md',
  ]);
  expect(written.report.verdict).toBe('held');
  const json = runJsonSchema.parse(JSON.parse(await readFile(written.json, 'utf8')));
  expect(json.counts).toEqual({ held: 19, broken: 0, unknown: 0 });
});

test('the pictures that shoppers took are in the report; one that is gone, or lies elsewhere, is left out', async () => {
  const [first, ...rest] = sampleRun();
  const visit = rest.find((event) => event.type === 'visit');
  if (first === undefined || visit?.type !== 'visit') throw new Error('the sample has no visit');
  await journal([
    first,
    ...rest,
    { ...visit, picture: '../secret.png' },
    { ...visit, picture: 'shoppers/../../x.png' },
  ]);
  await mkdir(join(folder, 'shoppers'));
  await writeFile(join(folder, 'shoppers/bought.png'), 'a picture');
  const { report, html } = await writeReports(folder);
  expect([...report.pictures]).toEqual([
    ['shoppers/bought.png', `data:image/png;base64,${Buffer.from('a picture').toString('base64')}`],
  ]);
  expect((await readFile(html, 'utf8')).match(/<img /g)).toHaveLength(1);
});

test('the same journal gives the same reports, to the byte', async () => {
  await journal();
  const { html } = await writeReports(folder);
  const first = await readFile(html);
  await writeReports(folder);
  expect((await readFile(html)).equals(first)).toBe(true);
});

test('a file that cannot be written is named, and no draft stays behind', async () => {
  await journal();
  await mkdir(join(folder, 'run.json'));
  const error = await writeReports(folder).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ReportUnwritable);
  expect(error).toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: expect.stringContaining('run.json cannot be written'),
  });
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('the command says the verdict and where the report is', async () => {
  await journal(killedRun());
  const { code, stdout, stderr } = await command(folder);
  expect(stdout).toBe(
    'unknown: The run stopped 11.9 s in, during fault (+4m), before anything was judged: it was killed or it crashed.\n' +
      `${join(folder, 'report.html')}\n`,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  ['a folder that is not there', ['nowhere'], /^nowhere does not exist\. Give the folder of a run\.\n$/],
  ['two folders', ['a', 'b'], /^One folder at a time, got 2: a b\n/],
  ['an option nobody knows', ['--fast'], /^Unknown option '--fast'/],
])('%s is one clear message and exit code 2', async (_, args, message) => {
  const { code, stderr } = await command(...args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(code).toBe(2);
});

test('a folder without a journal and a corrupt line are one clear message each', async () => {
  expect((await command(folder)).stderr).toMatch(/journal\.jsonl does not exist\. Give the folder of a run/);
  await journal();
  await writeFile(join(folder, 'journal.jsonl'), 'not json\n', { flag: 'a' });
  const { code, stderr } = await command(folder);
  expect(stderr).toMatch(new RegExp(`^.*journal\\.jsonl:${sampleRun().length + 1} is not a journal entry: .*\n$`));
  expect(code).toBe(2);
});

test('the committed JSON Schema is the one the code generates; `node reports/schema.ts` writes it', async () => {
  expect(await readFile(SCHEMA_FILE, 'utf8')).toBe(jsonSchema());
});
