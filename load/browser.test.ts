/** Shoppers in a real Chromium, in front of the real storefront: what they see, that every request is counted, and that nothing stays. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningLoad, Visit } from '../harness/load.ts';
import { shoppers } from './index.ts';
import { random } from './random.ts';
import { counted, targetOf } from './testing.ts';
import { type TestShop, testShop } from './testing-shop.ts';

let keepIn = '';
const temporary = process.env.TMPDIR;
beforeEach(() => {
  keepIn = mkdtempSync(join(tmpdir(), 'shoppers-'));
  process.env.TMPDIR = keepIn;
});
afterEach(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(keepIn, { recursive: true, force: true, maxRetries: 5 });
});

/** Command lines of the processes that work below the test's temporary folder. */
function processes(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(`${keepIn}/`)) return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`];
    } catch {
      return [];
    }
  });
}
async function gone(): Promise<string[]> {
  for (let look = 0; look < 100 && processes().length > 0; look++) await sleep(50);
  return processes();
}
const folders = () => readdirSync(keepIn).filter((name) => name.startsWith('firedrill-'));

const SEED = 7;

interface Watched extends AsyncDisposable {
  readonly running: RunningLoad;
  readonly visits: readonly Visit[];
  until(enough: (visits: readonly Visit[]) => boolean): Promise<void>;
}

async function open(shop: TestShop, patience: '2s' | '5s' = '5s'): Promise<Watched> {
  const visits: Visit[] = [];
  const load = shoppers.at('4/s', { capacity: 2, patience });
  const running = await load.start(
    targetOf(shop, { keepIn, seed: SEED }),
    () => {},
    (visit) => visits.push(visit),
  );
  return {
    running,
    visits,
    async until(enough) {
      for (let look = 0; look < 400 && !enough(visits); look++) await sleep(50);
      expect(enough(visits), JSON.stringify(visits)).toBe(true);
    },
    [Symbol.asyncDispose]: () => running.abandon(),
  };
}

describe('a shopper', () => {
  it('buys what was chosen, and every request and every receipt is counted to the unit', async () => {
    await using shop = await testShop();
    await using mall = await open(shop);
    await mall.until((visits) => visits.length >= 4);
    const totals = await mall.running.stop();
    expect(counted(totals)).toEqual(shop.answers);
    expect(new Set(totals.receipts)).toEqual(shop.sold);
    expect(totals.receipts).toHaveLength(mall.visits.length);
    expect(totals).toMatchObject({ unanswered: 0, outcomes: { bought: mall.visits.length } });
    expect(totals.scheduled).toBe(totals.started + totals.dropped);
    for (const { outcome, step, usableMs, waitedMs, pageErrors, began, at } of mall.visits) {
      expect([outcome, step, pageErrors]).toEqual(['bought', 'buy', []]);
      expect((usableMs ?? 0) + (waitedMs ?? 0)).toBeLessThanOrEqual(at - began + 5);
    }
    // What a shopper chooses is drawn from the seed and the shopper's number.
    const drawn = mall.visits.map(({ number }) => random(SEED, number).integer(1, 3));
    expect(shop.chosen.toSorted()).toEqual(drawn.sort());
    expect(await gone()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('may leave a page that never stops asking: none of what it asks goes out uncounted', async () => {
    const restless = 'const ask = () => fetch("/sale").catch(() => {}).finally(ask); ask();';
    await using shop = await testShop((html) => html.replace("'use strict';", `'use strict'; ${restless}`));
    shop.mood = 'sold out';
    await using mall = await open(shop);
    await mall.until((visits) => visits.length >= 8);
    const totals = await mall.running.stop();
    expect(counted(totals)).toEqual(shop.answers);
    expect(totals.unanswered).toBe(0);
  });

  it('is refused by a shop in trouble and reads why; there is a picture of the first purchase and of the first failure', async () => {
    await using shop = await testShop();
    await using mall = await open(shop);
    await mall.until((visits) => visits.some(({ outcome }) => outcome === 'bought'));
    shop.mood = 'in trouble';
    await mall.until((visits) => visits.some(({ picture }) => picture === 'shoppers/failed.png'));
    const refused = mall.visits.find(({ outcome }) => outcome === 'refused');
    expect(refused).toMatchObject({ message: 'The shop is having trouble: Try again in a moment.', pageErrors: [] });
    const pictures = mall.visits.flatMap(({ picture }) => picture ?? []);
    expect(pictures).toEqual(['shoppers/bought.png', 'shoppers/failed.png']);
    for (const picture of pictures) expect(statSync(join(keepIn, picture)).size).toBeGreaterThan(5_000);
    shop.mood = 'open';
    await mall.until((visits) => visits.at(-1)?.outcome === 'bought');
    const totals = await mall.running.stop();
    expect(counted(totals)).toEqual(shop.answers);
    expect(totals.receipts).toHaveLength(shop.sold.size);
  });

  it('shops all the same where no picture can be kept', async () => {
    writeFileSync(join(keepIn, 'shoppers'), 'no folder');
    await using shop = await testShop();
    await using mall = await open(shop);
    await mall.until((visits) => visits.length >= 1);
    expect(mall.visits[0]).toMatchObject({ outcome: 'bought' });
    expect(mall.visits[0]).not.toHaveProperty('picture');
    expect((await mall.running.stop()).receipts.length).toBeGreaterThan(0);
  });

  it('gives up when nothing happens for longer than patience lasts; the late answer is still counted', async () => {
    await using shop = await testShop();
    shop.mood = 'stalled';
    await using mall = await open(shop, '2s');
    // Not necessarily the first: on a slow machine the page alone may take longer than that.
    await mall.until((visits) => visits.some(({ step }) => step === 'reserve'));
    const stuck = mall.visits.find(({ step }) => step === 'reserve');
    expect(stuck).toMatchObject({ outcome: 'gave up', message: '' });
    expect(stuck?.waitedMs).toBeGreaterThanOrEqual(2_000);
    const stopped = mall.running.stop();
    await shop[Symbol.asyncDispose]();
    const totals = await stopped;
    expect(totals.unanswered + totals.answers.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['sold out', 'Good things, going fast'],
    ['closed', 'Nothing is on sale right now'],
  ] as const)('of a shop that is %s goes without a click', async (mood, message) => {
    await using shop = await testShop();
    shop.mood = mood;
    await using mall = await open(shop);
    await mall.until((visits) => visits.length >= 1);
    expect(mall.visits[0]).toMatchObject({ outcome: 'refused', step: 'open', usableMs: null, waitedMs: null, message });
  });

  it('who cannot reach the shop at all reads what the browser says', async () => {
    await using mall = await open({ url: 'http://127.0.0.1:9' } as TestShop);
    await mall.until((visits) => visits.length >= 1);
    expect(mall.visits[0]).toMatchObject({ outcome: 'refused', step: 'open', message: expect.stringMatching(/^ERR_/) });
    expect((await mall.running.stop()).answers).toEqual([]);
  });

  it('meets the errors of the page', async () => {
    await using shop = await testShop((html) =>
      html.replace("'use strict';", "'use strict'; queueMicrotask(() => { throw new Error('a broken page'); });"),
    );
    await using mall = await open(shop);
    await mall.until((visits) => visits.length >= 1);
    expect(mall.visits[0]).toMatchObject({ outcome: 'bought', pageErrors: ['a broken page'] });
  });
});

describe('the browser', () => {
  it('is abandoned at once, in the middle of everything, and leaves nothing', async () => {
    await using shop = await testShop();
    shop.mood = 'stalled';
    const mall = await open(shop);
    await sleep(700);
    expect(processes().length).toBeGreaterThan(2);
    await mall.running.abandon();
    expect(await gone()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it.each([
    ['Chromium', (line: string) => line.includes('--remote-debugging-pipe') && !line.includes('--type=')],
    ['its process', (line: string) => line.includes('browser-process.ts')],
  ])('of which %s is killed in the middle of a run is told of when the load is stopped', async (_, which) => {
    await using shop = await testShop();
    const mall = await open(shop);
    await mall.until((visits) => visits.length >= 1);
    process.kill(Number(processes().find(which)?.split(' ')[0]), 'SIGKILL');
    await sleep(300);
    await expect(mall.running.stop()).rejects.toThrow("the shoppers' browser broke down");
    expect(await gone()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('dies with whoever started it, killed outright', async () => {
    await using shop = await testShop();
    const index = fileURLToPath(new URL('./index.ts', import.meta.url));
    const source = `import { shoppers } from ${JSON.stringify(index)};
      await shoppers.at('4/s').start({ url: '${shop.url}', seed: 1, speed: 1 }, () => {}, () => console.log('visit'));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(processes().length).toBeGreaterThan(2);
    child.kill('SIGKILL');
    expect(await gone()).toEqual([]);
  });
});
