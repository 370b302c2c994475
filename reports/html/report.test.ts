/** The page in a real Chromium: what it draws, that it asks nobody for anything, and who can read and use it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JournalEvent } from '../../harness/journal.ts';
import {
  keepPicture,
  launch,
  type Opened,
  open as openPage,
  poorContrast,
  sidewaysBy,
  walkWithTab,
} from '../../tools/page-audit.ts';
import { indexPage } from '../index-page.ts';
import { junit } from '../junit.ts';
import { runReport } from '../model.ts';
import { HOSTILE, hostileRun, killedRun, sampleRun } from '../sample.ts';
import { PANELS } from '../sample-system.ts';
import { reportPage } from './report.ts';

/** One white pixel. */
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==';
const pictures = new Map(['bought', 'failed'].map((name) => [`shoppers/${name}.png`, PIXEL]));
const PAGES = ['held', 'broken', 'index'] as const;

let browser: Browser;
let folder = '';
const files = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firedrill-page-'));
  const journals: [string, readonly JournalEvent[]][] = [
    ['held', sampleRun('held')],
    ['broken', sampleRun('broken')],
    ['quiet', sampleRun('quiet')],
    ['killed', killedRun()],
    ['hostile', hostileRun()],
  ];
  for (const [name, events] of journals) await put(name, reportPage(runReport(events, { pictures })));
  const indexed = journals.map(([name, events]) => ({ run: runReport(events), href: `${name}.html` }));
  await put('index', indexPage(indexed, [{ system: 'flash-sale', alerts: ['A'], panels: ['CPU'], metrics: [] }]).html);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, content: string): Promise<void> {
  const path = join(folder, `${name}.html`);
  await writeFile(path, content);
  files.set(name, pathToFileURL(path).href);
}

const open = (name: string, options: BrowserContextOptions = {}): Promise<Opened> =>
  openPage(browser, files.get(name) ?? '', options);

/** Scrolls through the page, so that every chart in sight has been drawn. */
async function drawAll(page: Page): Promise<void> {
  for (const figure of await page.locator('figure[data-chart]:visible').all()) {
    await figure.scrollIntoViewIfNeeded();
    await figure.locator('canvas').waitFor();
  }
}

const openAll = (page: Page): Promise<void> =>
  page.locator('details').evaluateAll((all) => {
    for (const details of all as HTMLDetailsElement[]) details.open = true;
  });

/** For each canvas: does it hold more than one colour? */
const painted = (page: Page): Promise<boolean[]> =>
  page.locator('canvas').evaluateAll((canvases) =>
    (canvases as HTMLCanvasElement[]).map((canvas) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return new Set(new Uint32Array(new Uint8ClampedArray(pixels).buffer)).size > 10;
    }),
  );

test.each(['held', 'broken', 'quiet', 'killed', 'hostile'])(
  'the %s report draws its charts, logs nothing and asks nobody for anything',
  async (name) => {
    await using opened = await open(name);
    await drawAll(opened.page);
    const drawn = await painted(opened.page);
    expect(drawn.length).toBeGreaterThanOrEqual(PANELS.length);
    expect(drawn).not.toContain(false);
    expect(opened.unwanted).toEqual([]);
  },
);

test('the index logs nothing and asks nobody for anything', async () => {
  await using opened = await open('index');
  expect(await opened.page.getByRole('heading', { level: 1 }).textContent()).toMatch(/scenarios held/);
  expect(opened.unwanted).toEqual([]);
});

test('the load says which driver sent it, with k6’s own figures, VUs and thresholds where that was k6', async () => {
  await using sent = await open('broken');
  const load = sent.page.locator('#load');
  expect(await load.innerText()).toMatch(/driver k6\..*from the\s+moment each request was sent/s);
  expect(await sent.page.locator('#load-lane').innerText()).toContain('Load (k6)');
  expect(await load.getByRole('region', { name: 'Thresholds of k6 2.2.0' }).innerText()).toMatch(
    /http_req_duration p\(95\)<5000\s+3,604\s+✓ held/,
  );
  expect(await load.getByRole('region', { name: 'What k6 2.2.0 says of itself' }).innerText()).toMatch(
    /iterations\s+1,840/,
  );
  expect(await load.locator('figure[data-title^="Iterations in flight"]').count()).toBe(1);
  await using own = await open('quiet');
  expect(await own.page.locator('#load').innerText()).not.toMatch(/k6|Iterations in flight/);
});

test('the page opens with the verdict in one sentence', async () => {
  await using broken = await open('broken');
  expect(await broken.page.locator('main').textContent()).toMatch(
    /^\s*✗\s+broken\s+flash-sale\/pool-exhausted\s+The on-call was never paged/,
  );
  await using killed = await open('killed');
  expect(await killed.page.locator('main').textContent()).toMatch(/^\s*\?\s+unknown[\s\S]*The run stopped 11\.9 s in/);
});

test('loads side by side are told apart on the timeline and in their own parts', async () => {
  const events = sampleRun('quiet').flatMap((event): JournalEvent[] =>
    event.type === 'load' || event.type === 'load-total'
      ? [event, { ...event, driver: 'browser', description: 'shoppers at 1/s' }]
      : [event],
  );
  await put('side-by-side', reportPage(runReport(events)));
  await using opened = await open('side-by-side');
  const names = opened.page.locator('.timeline .chart__series');
  await names.first().waitFor();
  expect(await names.allInnerTexts()).toEqual([
    'buyers at 80/s: answered',
    'shoppers at 1/s: answered',
    'buyers at 80/s: 5xx or no answer',
    'shoppers at 1/s: 5xx or no answer',
  ]);
  expect(await opened.page.locator('#load h3').allTextContents()).toEqual(['buyers at 80/s', 'shoppers at 1/s']);
  expect(await opened.page.locator('.verdict').innerText()).toContain('buyers at 80/s and shoppers at 1/s');
});

test('hostile text is shown and never runs', async () => {
  await using opened = await open('hostile');
  await drawAll(opened.page);
  await openAll(opened.page);
  expect(await opened.page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  expect(await opened.page.locator('iframe, [onerror], [onmouseover], img:not([src^="data:image/png;"])').count()).toBe(
    0,
  );
  const headline = (await opened.page.locator('h1').textContent()) ?? '';
  expect(HOSTILE.filter((text) => headline.includes(text))).not.toEqual([]);
  expect(await opened.page.locator('#details').textContent()).toContain('</script><script>window.hacked=1</script>');
  expect(opened.unwanted).toEqual([]);
});

test('the JUnit file of a hostile run parses with a parser that is not ours', async () => {
  await using opened = await open('held');
  const result = await opened.page.evaluate(
    (xml) => {
      const parsed = new DOMParser().parseFromString(xml, 'application/xml');
      return [parsed.querySelectorAll('parsererror').length, parsed.querySelectorAll('testcase').length];
    },
    junit(runReport(hostileRun())),
  );
  expect(result).toEqual([0, 19]);
});

test('behind every chart lies a table with its values', async () => {
  await using opened = await open('held');
  const pool = opened.page.locator('.panel', { has: opened.page.getByRole('heading', { name: 'Connection pool' }) });
  await pool.scrollIntoViewIfNeeded();
  await pool.locator('canvas').waitFor();
  await pool.getByText('Data table').click();
  const table = pool.locator('details.data table').first();
  expect(await table.locator('thead').textContent()).toMatch(/scenario\s*real\s*active\s*idle\s*max/);
  expect(await table.locator('tbody tr').count()).toBeGreaterThan(50);
  expect(await opened.page.locator('figure[data-chart]:not(:has(details.data))').count()).toBe(0);
});

test('light and dark follow the system and the switch, and the charts with them', async () => {
  const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await using light = await open('held', { colorScheme: 'light' });
  await using dark = await open('held', { colorScheme: 'dark' });
  const [bright, dim] = [await background(light.page), await background(dark.page)];
  expect(bright).not.toBe(dim);
  const chart = light.page.locator('canvas').first();
  await chart.waitFor();
  const before = await chart.screenshot();
  await light.page.getByRole('button', { name: 'Theme: system' }).click();
  expect(await background(light.page)).toBe(bright);
  await light.page.getByRole('button', { name: 'Theme: light' }).click();
  expect(await background(light.page)).toBe(dim);
  expect((await light.page.locator('canvas').first().screenshot()).equals(before)).toBe(false);
});

test.each(PAGES.flatMap((name) => (['light', 'dark'] as const).map((scheme) => [name, scheme] as const)))(
  'text of the %s page has the contrast WCAG AA asks for, in %s',
  async (name, colorScheme) => {
    await using opened = await open(name, { colorScheme });
    await drawAll(opened.page);
    expect(await poorContrast(opened.page)).toEqual([]);
    await keepPicture(opened.page, `${name}-${colorScheme}`);
  },
);

test.each(PAGES)('the keyboard reaches everything on the %s page, in order, and the focus is seen', async (name) => {
  await using opened = await open(name);
  await drawAll(opened.page);
  const walk = await walkWithTab(opened.page);
  expect(walk).toMatchObject({ unreached: [], backwards: [], unseen: [] });
  expect(walk.stops).toBeGreaterThan(3);
});

test('the arrow keys read a chart', async () => {
  await using opened = await open('broken');
  const { page } = opened;
  await drawAll(page);
  const chart = page.locator('#panels .chart__canvas').first();
  await chart.focus();
  await page.keyboard.press('PageDown');
  await page.keyboard.press('ArrowRight');
  const readout = page.locator('#panels .chart__readout').first();
  expect(await readout.textContent()).toMatch(/^[+−][\dhms.]+ \([\d.]+ (?:ms|s) real\): p95 .+ · p50 /);
});

test('what shoppers saw is drawn as dots beside the fault, with its pictures; without shoppers there is no such section', async () => {
  await using opened = await open('held');
  const section = opened.page.getByRole('region', { name: 'What shoppers saw' });
  await section.scrollIntoViewIfNeeded();
  await section.locator('canvas').waitFor();
  expect(await section.getByRole('img').count()).toBe(2);
  const sizes = await section
    .getByRole('img')
    .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth));
  expect(sizes).toEqual([1, 1]);
  expect(await section.locator('dl').textContent()).toMatch(/First failed purchase\s*\+3m06s at the step “reserve”/);
  expect(await section.locator('dl').textContent()).toMatch(/First notification\s*\+6m31s \d+m\d*s? after the first/);
  expect(await opened.page.getByRole('navigation', { name: 'Contents' }).textContent()).toContain('Shoppers');
  await using quiet = await open('quiet');
  expect(await quiet.page.locator('#shoppers, a[href="#shoppers"]').count()).toBe(0);
});

test('the incident is told near the top: chapters with their verdicts in words, and the remedy where it was applied', async () => {
  await using opened = await open('broken');
  const { page } = opened;
  const story = page.getByRole('region', { name: 'The incident, step by step' });
  expect(await story.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual([
    'The alert fires',
    'The dashboard shows a full pool',
    'The logs say who waits for it',
    'Applied: raisePool',
    'The pool is raised and checkouts recover',
  ]);
  const steps = await story.locator('.story__step').allInnerTexts();
  expect(steps[0]).toMatch(/^1\s+The alert fires\s+✗\s+broken\s+6m31s after the fault\s+✗\s+.*did not fire/);
  expect(steps[3]).toMatch(/^\+\s+Applied: raisePool\s+8m52s after the fault, in 118 ms real\s.*db_pool is 20/s);
  expect(steps[4]).toMatch(/^4\s.*\?\s+unknown\s+10m54s after the fault/s);
  expect(await story.locator('figure[data-chart]').count()).toBe(3);
  expect(await page.locator('.timeline .mark--remedy').getAttribute('title')).toMatch(
    /^raisePool applied: db_pool is 20/,
  );
  expect(await page.locator('section').evaluateAll((all) => all.findIndex(({ id }) => id === 'story'))).toBe(2);
  expect(await page.locator('#details').textContent()).toContain('Raises the connection pool to 20');
  await using quiet = await open('quiet');
  expect(await quiet.page.locator('#story, a[href="#story"], .mark--remedy').count()).toBe(0);
});

test('a chapter leads to its expectation, which opens', async () => {
  await using opened = await open('held');
  const { page } = opened;
  const claim = page.locator('#expectations details.claim', { hasText: 'Connection pool rises' });
  expect(await claim.getAttribute('open')).toBeNull();
  await page.locator('#story').getByRole('link', { name: 'Connection pool rises' }).press('Enter');
  await claim.locator('.claim__body').waitFor();
  expect(await claim.getAttribute('open')).not.toBeNull();
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test('a remedy that could not be applied says why, in words and with its sign', async () => {
  const events = sampleRun('held').map(
    (event): JournalEvent =>
      event.type === 'remedy'
        ? { ...event, state: 'failed', seen: 'answered 403', source: 'the remedy itself' }
        : event,
  );
  await put('unmended', reportPage(runReport(events)));
  await using opened = await open('unmended');
  const step = opened.page.locator('#story .story__step', { hasText: 'raisePool' });
  expect(await step.innerText()).toMatch(/✗\s+Could not be applied: raisePool\s.*answered 403/s);
  expect(await opened.page.locator('.timeline [title^="raisePool failed: answered 403"]').innerText()).toBe('✗');
});

test.each(['held', 'broken', 'killed', 'hostile', 'index'])(
  '%s is readable at 320 pixels without scrolling sideways',
  async (name) => {
    await using opened = await open(name, { viewport: { width: 320, height: 700 } });
    await drawAll(opened.page);
    await openAll(opened.page);
    expect(await sidewaysBy(opened.page)).toBe(0);
    await keepPicture(opened.page, `${name}-320`);
  },
);

test('verdicts are readable without colour: each has its sign and its word', async () => {
  await using opened = await open('broken');
  const summaries = await opened.page.locator('details.claim > summary').allInnerTexts();
  expect(summaries).toHaveLength(19);
  for (const text of summaries) expect(text).toMatch(/^(?:✓[\s\S]*held|✗[\s\S]*broken|\?[\s\S]*unknown)\s*$/);
});

test('print opens everything, in light, with every chart drawn', async () => {
  // As wide as A4 between its margins.
  await using opened = await open('held', { colorScheme: 'dark', viewport: { width: 703, height: 1000 } });
  const { page } = opened;
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  expect(await page.locator('details.claim:not([open])').count()).toBe(0);
  expect(await page.locator('figure[data-chart]:not(:has(canvas))').count()).toBe(0);
  expect(await page.locator('nav.contents').isVisible()).toBe(false);
  const widths = await page
    .locator('.timeline, .timeline canvas')
    .evaluateAll((all) => all.map((one) => one.clientWidth || one.getBoundingClientRect().width));
  expect(widths[1]).toBe(widths[0]);
  expect(await sidewaysBy(page)).toBe(0);
  await keepPicture(page, 'held-print');
  const pdf = await page.pdf({ format: 'A4' });
  expect(pdf.subarray(0, 4).toString()).toBe('%PDF');
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  expect(await page.locator('details.claim[open]').count()).toBe(0);
  expect(opened.unwanted).toEqual([]);
});

test('a long journal is thinned out for drawing, and the page says so', async () => {
  const [run, ...rest] = sampleRun('held');
  if (run === undefined) throw new Error('the sample is empty');
  const points = Array.from({ length: 20_000 }, (_, index): [number, number] => [run.at + 2_000 + index, index % 97]);
  const samples: JournalEvent = {
    type: 'samples',
    at: run.at + 22_000,
    until: run.at + 22_000,
    key: 'cpu',
    series: [{ labels: { cpu: '2' }, points }],
  };
  const content = reportPage(runReport([run, samples, ...rest]));
  expect(content.length).toBeLessThan(600_000);
  await put('long', content);
  await using opened = await open('long');
  await drawAll(opened.page);
  expect(await opened.page.locator('.panel', { hasText: 'CPU' }).last().textContent()).toMatch(
    /Drawn from 800 of\s+20,000\s+samples a series/,
  );
  expect(opened.unwanted).toEqual([]);
});
