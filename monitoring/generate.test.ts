import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inMonitoring, type System } from './contract.ts';
import { generated, stale } from './generate.ts';
import { namesAsTypes } from './names.ts';

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

const counting = (type: System['metrics'][number]['type'], ...labels: string[]): System => ({
  metrics: [{ name: 'requests_total', type, labels }],
  alerts: [],
  dashboards: [],
});

it('gives a metric of several systems the labels of all of them, once each', () => {
  const types = namesAsTypes(
    { shop: counting('counter', 'handler', 'code'), radio: counting('counter', 'path', 'code') },
    [],
  );
  expect(types.match(/'requests_total': .*/g)).toEqual([
    "'requests_total': 'counter';",
    "'requests_total': 'handler' | 'code' | 'instance' | 'job' | 'path';",
  ]);
});

it('refuses a metric that is of another type in another system', () => {
  expect(() => namesAsTypes({ shop: counting('counter'), radio: counting('gauge') }, [])).toThrow(
    'requests_total is a counter in one system and a gauge in another; rename one.',
  );
});

it('gives a recorded metric the labels of its level, and those the catalog promises', () => {
  const recorded = ['job_stage:steps:rate5m', 'hit_rate'].map((record) => ({ record, expr: '1' }));
  const promised: System = { ...counting('counter'), metrics: [{ name: 'hit_rate', type: 'rule', labels: ['cache'] }] };
  const types = namesAsTypes({ radio: promised }, recorded);
  expect(types).toContain("'job_stage:steps:rate5m': 'job' | 'stage';");
  expect(types).toContain("'hit_rate': 'cache';");
});
