/** Writes every report of one run beside its journal. */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEvent } from '../harness/journal.ts';
import type { Catalog, IndexedRun } from './coverage.ts';
import { reportPage } from './html/report.ts';
import { indexPage } from './index-page.ts';
import { JournalUnreadable, readJournal } from './journal-file.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { type RunReport, runReport } from './model.ts';
import { runJson } from './run-json.ts';

export interface WrittenReports {
  /** Paths of the files written. */
  readonly html: string;
  readonly json: string;
  readonly junit: string;
  readonly markdown: string;
  readonly report: RunReport;
}

/** A report could not be written; the message names the file and the reason. Stable `code` for programs. */
export class ReportUnwritable extends Error {
  readonly code = 'OUTPUT_UNWRITABLE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReportUnwritable';
  }
}

/**
 * Reads `dir`/journal.jsonl and writes run.json, report.html, junit.xml and summary.md into `dir`, each whole or not at
 * all. Throws JournalUnreadable, or ReportUnwritable.
 */
export async function writeReports(dir: string): Promise<WrittenReports> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) throw new JournalUnreadable(`${dir} does not exist. Give the folder of a run.`);
  if (!found.isDirectory()) throw new JournalUnreadable(`${dir} is not a folder. Give the folder of a run.`);
  const { events, cutOffAt } = await readJournal(join(dir, 'journal.jsonl'));
  const report = runReport(events, { cutOffAt, pictures: await picturesOf(events, dir) });
  const paths = {
    html: join(dir, 'report.html'),
    json: join(dir, 'run.json'),
    junit: join(dir, 'junit.xml'),
    markdown: join(dir, 'summary.md'),
  };
  await writeWhole(paths.json, runJson(report));
  await writeWhole(paths.junit, junit(report));
  await writeWhole(paths.markdown, markdown(report));
  await writeWhole(paths.html, reportPage(report));
  return { ...paths, report };
}

/** The pictures that visits name; one that is gone is left out, as is a path that leads anywhere else. */
async function picturesOf(events: readonly JournalEvent[], dir: string): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const event of events) {
    if (event.type !== 'visit' || event.picture === undefined || !/^shoppers\/[\w-]+\.png$/.test(event.picture))
      continue;
    const content = await readFile(join(dir, event.picture)).catch(() => undefined);
    if (content) pictures.set(event.picture, `data:image/png;base64,${content.toString('base64')}`);
  }
  return pictures;
}

/** Under another name first, so that a full disk or a kill never leaves half a report under the real one. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ReportUnwritable(`${path} cannot be written: ${why}.`, { cause });
  }
}

/** Writes index.html and index.md into `dir`. `href`s of the runs are relative to `dir`. Throws ReportUnwritable. */
export async function writeIndex(
  dir: string,
  runs: readonly IndexedRun[],
  catalogs: readonly Catalog[],
): Promise<{ readonly html: string; readonly markdown: string }> {
  const content = indexPage(runs, catalogs);
  const paths = { html: join(dir, 'index.html'), markdown: join(dir, 'index.md') };
  await writeWhole(paths.html, content.html);
  await writeWhole(paths.markdown, content.markdown);
  return paths;
}
