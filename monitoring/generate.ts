/**
 * Writes what is generated under monitoring/: dashboards as Grafana provisions them, and names as types.
 * `node monitoring/generate.ts` writes; with --check it writes nothing and exits 1, naming what is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inMonitoring, readCatalog, readRuleFiles } from './contract.ts';
import { flashSale } from './dashboards/flash-sale.ts';
import { namesAsTypes } from './names.ts';

/** Contents by path inside monitoring/. */
export function generated(): ReadonlyMap<string, string> {
  return new Map([
    ['grafana/dashboards/flash-sale.json', `${JSON.stringify(flashSale.build(), null, 2)}\n`],
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
