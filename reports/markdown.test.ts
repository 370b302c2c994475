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

test('the incident is told chapter by chapter, with what was done to mend it', () => {
  const text = markdown(runReport(sampleRun('broken')));
  expect(text).toContain(`### The incident, step by step

- **1. The alert fires**: ✗ broken, 6m31s after the fault. pending since +1m00s, never firing; none
- **2. The dashboard shows a full pool**: ✓ held, 1m30s after the fault. 3.1 before, 10 during, from +27s on
- **3. The logs say who waits for it**: ✓ held, 1m10s after the fault. 406 lines, the first at +1m07s
- raisePool applied, 8m52s after the fault: db\\_pool is 20 (GET /admin/settings)
- **4. The pool is raised and checkouts recover**: ? unknown, 10m54s after the fault. 38 ms at +10m54s; it never fired, so it could not resolve
`);
  expect(markdown(runReport(sampleRun('quiet')))).not.toContain('step by step');
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
