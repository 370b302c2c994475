import { expect, test } from 'vitest';
import { convert } from 'xmlbuilder2';
import { junit } from './junit.ts';
import { runReport } from './model.ts';
import { hostileRun, killedRun, sampleRun } from './sample.ts';

interface Suites {
  testsuites: { '@tests': string; '@failures': string; '@errors': string; testsuite: unknown };
}
const parsed = (xml: string) => convert(xml, { format: 'object' }) as unknown as Suites;

test('broken is a failure and unknown an error, never a skip', () => {
  const xml = junit(runReport(sampleRun('broken')));
  expect(parsed(xml).testsuites).toMatchObject({ '@tests': '19', '@failures': '2', '@errors': '2' });
  expect(xml.match(/type="broken"/g)).toHaveLength(2);
  expect(xml.match(/type="unknown"/g)).toHaveLength(2);
  expect(xml).toContain('  Floor     5m27s (scrape 12s, evaluation 15s, for 5m)');
});

test('a case is named after its chapter, where it has one', () => {
  const xml = junit(runReport(sampleRun('held')));
  expect(xml).toContain('name="The alert fires: FlashSaleDatabaseConnectionsExhausted fires"');
  expect(xml).toContain('name="p95 of checkout exceeds 2 s"');
});

test('a run that held has neither', () => {
  expect(parsed(junit(runReport(sampleRun('held')))).testsuites).toMatchObject({
    ...{ '@tests': '19', '@failures': '0', '@errors': '0' },
  });
});

test('a killed run has an error of its own, so that it never passes for want of cases', () => {
  const xml = junit(runReport(killedRun()));
  expect(parsed(xml).testsuites).toMatchObject({ '@tests': '1', '@errors': '1' });
  expect(xml).toContain('the run reaches its end');
});

test('hostile text stays text', () => {
  const xml = junit(runReport(hostileRun()));
  expect(parsed(xml).testsuites).toMatchObject({ '@tests': '19' });
  expect(xml).not.toMatch(/<script|<img|<testcase name="x"/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 cannot hold these at all.
  expect(xml).not.toMatch(/[\u0000-\u0008\ufffe]/);
});
