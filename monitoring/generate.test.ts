import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inMonitoring } from './contract.ts';
import { generated, stale } from './generate.ts';

it('is committed as it would be generated now', () => {
  expect(stale(generated(), (path) => readFileSync(inMonitoring(path), 'utf8'))).toEqual([]);
});

it('names what is missing or differs', () => {
  const files = new Map([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]);
  expect(stale(files, (path) => ({ a: '1', b: 'old' })[path])).toEqual(['b', 'c']);
});
