/** Where results go: bench/out/results.json, and on request the table in docs/benchmarks.md. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './benchmark.ts';
import { describeMachine, type Machine } from './machine.ts';
import { median } from './statistics.ts';
import { isMet, markdownTable } from './table.ts';

export interface Results {
  /** ISO 8601. */
  readonly at: string;
  readonly quick: boolean;
  readonly seconds: number;
  readonly machine: Machine;
  readonly outcomes: readonly Outcome[];
}

const FILE = fileURLToPath(new URL('./out/results.json', import.meta.url));
const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const [BEGIN, END] = ['<!-- bench:begin, written by npm run bench -- --write -->', '<!-- bench:end -->'];

/** Returns the path. */
export async function writeResults(results: Results): Promise<string> {
  const outcomes = results.outcomes.map((outcome) => ({
    ...outcome,
    figures: outcome.figures.map((figure) => ({
      ...figure,
      median: median(figure.values),
      met: isMet(figure) ?? null,
    })),
  }));
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify({ ...results, outcomes }, null, 2)}\n`);
  return FILE;
}

/** Returns the path. Throws where the page has lost its markers. */
export async function writePage(results: Results): Promise<string> {
  const text = [
    `Measured ${results.at.slice(0, 10)} on ${describeMachine(results.machine)}; ${Math.round(results.seconds / 60)} minutes.`,
    '',
    markdownTable(results.outcomes),
  ].join('\n');
  await writeFile(PAGE, between(await readFile(PAGE, 'utf8'), text));
  return PAGE;
}

/** The page with `text` in place of what is between its markers. Throws where they are not both there, in order. */
export function between(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/benchmarks.md has lost its markers: ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}
