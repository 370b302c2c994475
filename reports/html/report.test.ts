/** The page in a real Chromium: what it draws, that it asks nobody for anything, and who can read and use it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JournalEvent } from '../../harness/journal.ts';
import { indexPage } from '../index-page.ts';
import { junit } from '../junit.ts';
import { runReport } from '../model.ts';
import { HOSTILE, hostileRun, killedRun, sampleRun } from '../sample.ts';
import { PANELS } from '../sample-system.ts';
import { reportPage } from './report.ts';

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
  for (const [name, events] of journals) await put(name, reportPage(runReport(events)));
  const indexed = journals.map(([name, events]) => ({ run: runReport(events), href: `${name}.html` }));
  await put('index', indexPage(indexed, [{ system: 'flash-sale', alerts: ['A'], panels: ['CPU'], metrics: [] }]).html);
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
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

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Console messages, page errors, dialogs and requests beside the file itself. */
  readonly unwanted: readonly string[];
}

async function open(name: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const unwanted: string[] = [];
  const url = files.get(name) ?? '';
  page.on('console', (message) => unwanted.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => unwanted.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) unwanted.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, unwanted, [Symbol.asyncDispose]: () => context.close() };
}

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
  expect(await load.locator('figure[data-title="Iterations in flight"]').count()).toBe(1);
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

test('hostile text is shown and never runs', async () => {
  await using opened = await open('hostile');
  await drawAll(opened.page);
  await openAll(opened.page);
  expect(await opened.page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  expect(await opened.page.locator('img, iframe, [onerror], [onmouseover]').count()).toBe(0);
  const sentence = (await opened.page.locator('h1').textContent()) ?? '';
  // Which of them it is depends on how many texts come before it.
  expect(HOSTILE.filter((text) => sentence.includes(text))).toHaveLength(1);
  expect(await opened.page.locator('main').textContent()).toContain('&amp; &lt;b&gt;');
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

test.each(['light', 'dark'] as const)('text has the contrast WCAG AA asks for, in %s', async (colorScheme) => {
  await using opened = await open('broken', { colorScheme });
  const poor = await opened.page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [r = 0, g = 0, b = 0] = channels(colour).map((c) =>
        c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      for (let one = element; one !== null; one = one.parentElement) {
        const { backgroundColor } = getComputedStyle(one);
        if ((channels(backgroundColor)[3] ?? 1) === 1) return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    return [...document.querySelectorAll('main *')].flatMap((element) => {
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== '');
      if (!text || (element as HTMLElement).offsetParent === null) return [];
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return ratio < 4.5 ? [`${ratio.toFixed(2)} ${element.className} ${element.textContent?.slice(0, 40)}`] : [];
    });
  });
  expect(poor).toEqual([]);
});

test('the keyboard reaches everything that can be used, and reads a chart', async () => {
  await using opened = await open('broken');
  const { page } = opened;
  await drawAll(page);
  await page.evaluate(() => {
    scrollTo(0, 0);
    (document.activeElement as HTMLElement | null)?.blur();
  });
  const usable = await page
    .locator('a[href], button, summary, [tabindex="0"]')
    .evaluateAll((all) => all.filter((one) => (one as HTMLElement).checkVisibility()).length);
  const reached = new Set<string>();
  for (let press = 0; press < usable + 5; press += 1) {
    await page.keyboard.press('Tab');
    const path = await page.evaluate(() => {
      const all = [...document.querySelectorAll('*')];
      return document.activeElement === null ? '' : String(all.indexOf(document.activeElement));
    });
    reached.add(path);
  }
  reached.delete(await page.evaluate(() => String([...document.querySelectorAll('*')].indexOf(document.body))));
  expect(reached.size).toBe(usable);

  const chart = page.locator('.panel .chart__canvas').first();
  await chart.focus();
  await page.keyboard.press('PageDown');
  await page.keyboard.press('ArrowRight');
  const readout = page.locator('.panel .chart__readout').first();
  expect(await readout.textContent()).toMatch(/^[+−][\dhms.]+ \([\d.]+ (?:ms|s) real\): p95 .+ · p50 /);
});

test.each(['held', 'broken', 'killed', 'hostile', 'index'])(
  '%s is readable at 320 pixels without scrolling sideways',
  async (name) => {
    await using opened = await open(name, { viewport: { width: 320, height: 700 } });
    await drawAll(opened.page);
    await openAll(opened.page);
    expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  },
);

test('verdicts are readable without colour: each has its sign and its word', async () => {
  await using opened = await open('broken');
  const summaries = await opened.page.locator('details.claim > summary').allInnerTexts();
  expect(summaries).toHaveLength(19);
  for (const text of summaries) expect(text).toMatch(/^(?:✓[\s\S]*held|✗[\s\S]*broken|\?[\s\S]*unknown)\s*$/);
});

test('print opens everything, in light, with every chart drawn', async () => {
  await using opened = await open('held', { colorScheme: 'dark' });
  const { page } = opened;
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  expect(await page.locator('details.claim:not([open])').count()).toBe(0);
  expect(await page.locator('figure[data-chart]:not(:has(canvas))').count()).toBe(0);
  expect(await page.locator('nav.contents').isVisible()).toBe(false);
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
