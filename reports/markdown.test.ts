import { expect, test } from 'vitest';
import { markdown, plain } from './markdown.ts';
import { runReport } from './model.ts';
import { hostileRun, killedRun, sampleRun } from './sample.ts';

test('the verdict comes first, then what did not hold in full', () => {
  const text = markdown(runReport(sampleRun('broken')));
  expect(text.split('\n')[0]).toBe('## ✗ flash-sale/pool-exhausted: broken');
  expect(text).toContain(`✗ during "exhaustPool": FlashSaleDatabaseConnectionsExhausted did not fire
  Expected  firing, severity="critical", within 6m of the fault
  Received  pending since +1m00s, never firing
  Query     ALERTS{alertname="FlashSaleDatabaseConnectionsExhausted"}
  Timeline  +0s fault · +27s pool 10/10 · +1m pending · +6m deadline
  Floor     5m27s (scrape 12s, evaluation 15s, for 5m)`);
});

test('what held needs no block of its own', () => {
  expect(markdown(runReport(sampleRun('held')))).not.toContain('### Not held');
  expect(markdown(runReport(killedRun()))).toContain('Nothing was judged.');
});

test.each([
  ['a|b', 'a\\|b'],
  ['<script>', '&lt;script&gt;'],
  ['`x`', '\\`x\\`'],
  ['[a](b)', '\\[a\\](b)'],
  ['one\n# two', 'one \\# two'],
  ['a_b', 'a\\_b'],
])('%s is shown as it is', (text, escaped) => expect(plain(text)).toBe(escaped));

test('hostile text breaks neither a table nor a code block', () => {
  const text = markdown(runReport(hostileRun()));
  const outside = text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
  expect(outside).not.toMatch(/<script|<img/);
  const rows = outside.split('\n').filter((line) => /^\| [✓✗?] /.test(line));
  expect(rows).toHaveLength(19);
  for (const row of rows) expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(6);
});
