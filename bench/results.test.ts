import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { between } from './results.ts';

const page = await readFile(new URL('../docs/benchmarks.md', import.meta.url), 'utf8');

it('puts the table between the markers of the page and leaves the rest alone', () => {
  const once = between(page, 'first');
  expect(once).toContain('\n\nfirst\n\n');
  expect(between(once, 'second')).toBe(once.replace('\n\nfirst\n\n', '\n\nsecond\n\n'));
  expect(once.slice(0, once.indexOf('<!-- bench:begin'))).toBe(page.slice(0, page.indexOf('<!-- bench:begin')));
});

it('refuses a page without markers rather than lose what it says', () => {
  expect(() => between('# Benchmarks\n', 'table')).toThrow('markers');
});
