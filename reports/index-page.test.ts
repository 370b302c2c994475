import { expect, test } from 'vitest';
import { type Catalog, coverageOf, coverageText } from './coverage.ts';
import { indexPage } from './index-page.ts';
import { runReport } from './model.ts';
import { HOSTILE, hostileRun, sampleRun } from './sample.ts';
import { ALERTS, PANELS } from './sample-system.ts';

const catalog: Catalog = {
  system: 'flash-sale',
  alerts: ALERTS.map(({ name }) => name),
  panels: PANELS.map(({ panel }) => panel),
  metrics: ['http_requests_total', 'redis_errors_total'],
};
const runs = (['held', 'quiet'] as const).map((name) => ({
  run: runReport(sampleRun(name)),
  href: `${name}/report.html`,
}));

test('coverage names who proved what, and counts what nobody did', () => {
  const coverage = coverageOf(runs, catalog);
  expect(coverageText(coverage)).toBe('1 of 8 alerts, 3 of 16 panels, 1 of 2 metrics proven');
  const alerts = coverage.kinds[0]?.names ?? [];
  expect(alerts.filter(({ provenBy }) => provenBy.length > 0)).toEqual([
    { name: 'FlashSaleDatabaseConnectionsExhausted', provenBy: [runs[0]] },
  ]);
});

test('a run of another system proves nothing here', () => {
  expect(coverageText(coverageOf(runs, { ...catalog, system: 'vod' }))).toMatch(/^0 of 8 alerts/);
});

test('a panel told with its dashboard is the same panel', () => {
  const [first] = runs;
  if (first === undefined) throw new Error('the sample has no runs');
  const run = { ...first.run, coverage: { alerts: [], metrics: [], panels: ['Flash Sale / Saturation'] } };
  const covered = coverageOf([{ run, href: 'x' }], catalog).kinds[1]?.names.filter(
    ({ provenBy }) => provenBy.length > 0,
  );
  expect(covered?.map(({ name }) => name)).toEqual(['Saturation']);
});

test('the index has a row and a link for each run, and what is uncovered stands out first', () => {
  const { html, markdown } = indexPage(runs, [catalog]);
  expect(html).toContain('All 2 scenarios held.');
  expect(html).toContain('<a href="held/report.html">');
  expect(html.indexOf('class="uncovered"')).toBeLessThan(html.indexOf('class="covered"'));
  expect(markdown).toContain('| metric | redis\\_errors\\_total | ✗ **no scenario** |');
  expect(markdown).toContain('| alert | FlashSaleDatabaseConnectionsExhausted | pool-exhausted |');
});

test('one broken run makes the whole broken; no run at all is unknown', () => {
  const broken = { run: runReport(sampleRun('broken')), href: 'b' };
  expect(indexPage([...runs, broken], []).markdown).toMatch(/^## ✗ 2 of 3 scenarios held: 1 broken\./);
  expect(indexPage([], []).markdown).toMatch(/^## \? No scenario was run\./);
});

test('hostile text stays text in the index too', () => {
  const { html } = indexPage([{ run: runReport(hostileRun()), href: HOSTILE[1] }], [catalog]);
  expect(html).not.toMatch(/<img|<script>window/);
});
