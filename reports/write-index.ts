/** Writes the index over the runs of one `--all`: index.html and index.md beside the runs' folders. */
import { relative, resolve } from 'node:path';
import type { Catalog } from './coverage.ts';
import { indexPage } from './index-page.ts';
import type { RunJson } from './run-json.ts';
import { writeWhole } from './write.ts';

export interface IndexedFolder {
  readonly folder: string;
  readonly run: RunJson;
}

/** `out`: where index.html goes; links are relative to it. Throws ReportUnwritable. */
export async function writeIndex(
  out: string,
  runs: readonly IndexedFolder[],
  catalogs: readonly Catalog[],
): Promise<{ readonly html: string; readonly markdown: string; readonly text: string }> {
  const indexed = runs.map(({ folder, run }) => ({ run, href: `${relative(resolve(out), folder)}/report.html` }));
  const { html, markdown } = indexPage(indexed, catalogs);
  const paths = { html: resolve(out, 'index.html'), markdown: resolve(out, 'index.md') };
  await writeWhole(paths.html, html);
  await writeWhole(paths.markdown, markdown);
  return { ...paths, text: markdown };
}
