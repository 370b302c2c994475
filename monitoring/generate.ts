/**
 * Writes what is generated under monitoring/: dashboards as Grafana provisions them, and names as types.
 * `node monitoring/generate.ts` writes; with --check it writes nothing and exits 1, naming what is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inMonitoring, readCatalog, readRuleFiles } from './contract.ts';
import { audio } from './dashboards/audio/index.ts';
import { flashSale } from './dashboards/flash-sale.ts';
import { namesAsTypes } from './names.ts';

/** Contents by path inside monitoring/. */
export function generated(): ReadonlyMap<string, string> {
  const dashboards = [flashSale, ...audio].map((builder) => builder.build());
  return new Map([
    ...dashboards.map(
      (built) => [`grafana/dashboards/${built.uid}.json`, `${JSON.stringify(built, null, 2)}\n`] as const,
    ),
    ['catalog.gen.ts', namesAsTypes(readCatalog(), readRuleFiles())],
  ]);
}

/** Paths whose file is missing or differs from what would be generated now. */
export function stale(files: ReadonlyMap<string, string>, read: (path: string) => string | undefined): string[] {
  return [...files].filter(([path, content]) => read(path) !== content).map(([path]) => path);
}

function onDisk(path: string): string | undefined {
  try {
    return readFileSync(inMonitoring(path), 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const files = generated();
  const outdated = stale(files, onDisk);
  if (process.argv.includes('--check')) {
    if (outdated.length > 0) {
      const names = outdated.map((path) => `monitoring/${path}`).join(', ');
      process.stderr.write(`Stale: ${names}. Write them anew with: npm run generate\n`);
      process.exitCode = 1;
    }
  } else {
    for (const path of outdated) {
      mkdirSync(dirname(inMonitoring(path)), { recursive: true });
      writeFileSync(inMonitoring(path), files.get(path) ?? '');
      process.stdout.write(`wrote monitoring/${path}\n`);
    }
  }
}
