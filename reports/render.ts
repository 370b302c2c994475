/** `npm run report -- DIR`: draws the reports of a run again from its journal. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { JournalUnreadable } from './journal-file.ts';
import { ReportUnwritable, writeReports } from './write.ts';

const USAGE = `Usage: npm run report -- [DIR]

Writes report.html, run.json, junit.xml and summary.md into DIR from its journal.jsonl.
DIR is the folder of a run; without it, the newest (reports/out/latest).`;

const LATEST = fileURLToPath(new URL('./out/latest', import.meta.url));

/** Exit code: 0 written, 2 not. Says one line either way. */
export async function render(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      console.log(USAGE);
      return 0;
    }
    if (positionals.length > 1) {
      console.error(`One folder at a time, got ${positionals.length}: ${positionals.join(' ')}\n\n${USAGE}`);
      return 2;
    }
    const { html, report } = await writeReports(positionals[0] ?? LATEST);
    console.log(`${report.verdict}: ${report.sentence}\n${html}`);
    return 0;
  } catch (error) {
    if (!(error instanceof JournalUnreadable || error instanceof ReportUnwritable || isArgumentError(error)))
      throw error;
    console.error(error.message);
    return 2;
  }
}

function isArgumentError(error: unknown): error is Error {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code?.startsWith('ERR_PARSE_ARGS') ?? false;
}

if (import.meta.main) process.exitCode = await render(process.argv.slice(2));
