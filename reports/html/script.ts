/**
 * The page's script: our own typed files, types taken off, put one behind the other, with uPlot before them. They import
 * each other for the compiler's sake; in the page there is one scope, so the import lines go.
 */
import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';

const FILES = [
  '../format.ts',
  './browser/table.ts',
  './browser/legend.ts',
  './browser/paint.ts',
  './browser/chart.ts',
  './browser/page.ts',
];

const require = createRequire(import.meta.url);

/** uPlot's browser build and its style sheet. */
export function uplot(): { readonly js: string; readonly css: string } {
  const js = require.resolve('uplot/dist/uPlot.iife.min.js');
  return {
    js: readFileSync(js, 'utf8'),
    css: readFileSync(js.replace(/uPlot\.iife\.min\.js$/, 'uPlot.min.css'), 'utf8'),
  };
}

/** Our script as one function, plain JavaScript. */
export function pageScript(): string {
  const sources = FILES.map((file) => stripped(readFileSync(new URL(file, import.meta.url), 'utf8')));
  const joined = sources
    .join('\n')
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export (?=(?:const|function|class) )/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n');
  return `(() => {\n'use strict';\n${joined}\n})();`;
}

/**
 * Node strips types when it loads our files, without a word; asked to do the same to a text it warns that the function is
 * new. That warning is of no use to who renders a report, and the call is synchronous, so nothing else is muted.
 */
function stripped(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
