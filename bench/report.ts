/** The report of a run: its size, and how long a browser takes from opening it to every chart in sight being drawn. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { find } from '../harness/stack/programs.ts';
import { CHROMIUM } from '../load/chromium.ts';
import { writeReports } from '../reports/write.ts';
import type { Benchmark } from './benchmark.ts';

const SCENARIO = 'flash-sale/pool-exhausted';
const VIEWPORT = { width: 1_280, height: 900 };

export const report: Benchmark = {
  name: 'report',
  summary: 'size of a report, time to write it, and time to open it in Chromium',
  async measure({ quick, runs, say }) {
    const { folder } = await runs.any(SCENARIO);
    const times = quick ? 2 : 7;
    const written: number[] = [];
    let page = '';
    for (let turn = 0; turn < times; turn++) {
      const began = performance.now();
      page = (await writeReports(folder)).html;
      written.push(performance.now() - began);
    }
    const executablePath = find(CHROMIUM);
    if (executablePath === undefined) throw new Error('chromium is missing');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const opened: Opened[] = [];
    try {
      for (let turn = 0; turn < times; turn++) {
        say(`opening the report, ${turn + 1} of ${times}`);
        opened.push(await open(browser, pathToFileURL(page).href));
      }
    } finally {
      await browser.close();
    }
    return [
      { name: 'report.html', unit: 'kB', values: [(await stat(page)).size / 1e3] },
      { name: 'journal.jsonl', unit: 'kB', values: [(await stat(join(folder, 'journal.jsonl'))).size / 1e3] },
      { name: 'all four reports written', unit: 'ms', values: written },
      {
        name: 'opened, charts in sight drawn',
        unit: 'ms',
        values: opened.map(({ inSight }) => inSight),
        note: `from navigation, in a fresh context of a running browser, ${VIEWPORT.width}×${VIEWPORT.height}; in sight is what the page draws without scrolling (up to 600 px below the fold).`,
      },
      {
        name: 'every chart drawn, scrolling through',
        unit: 'ms',
        values: opened.map(({ all }) => all),
        note: `${opened[0]?.charts ?? 0} charts, those in closed sections not counted; most of it is the scrolling itself.`,
      },
    ];
  },
};

interface Opened {
  /** ms since navigation. */
  readonly inSight: number;
  readonly all: number;
  readonly charts: number;
}

/** The page's own clock tells, looked at once a frame: asking it from outside would add the way there and back. */
async function open(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    await page.goto(url);
    return await page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const shown = [...document.querySelectorAll<HTMLElement>('figure[data-chart]')].filter((f) =>
        f.checkVisibility(),
      );
      const drawn = (figure: HTMLElement) => figure.querySelector('canvas') !== null;
      const near = (figure: HTMLElement) => figure.getBoundingClientRect().top < innerHeight + 600;
      const until = async (done: () => boolean) => {
        const limit = performance.now() + 20_000;
        while (!done()) {
          if (performance.now() > limit) throw new Error('not every chart was drawn within 20 s');
          await frame();
        }
        return performance.now();
      };
      const inSight = await until(() => shown.filter(near).every(drawn));
      for (const figure of shown) {
        figure.scrollIntoView({ behavior: 'instant' });
        await until(() => drawn(figure));
      }
      return { inSight, all: performance.now(), charts: shown.length };
    });
  } finally {
    await context.close();
  }
}
