/** The storefront of the running app in a real Chromium: who can read it, use it, and what it says when the shop fails. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepPicture, launch, open, poorContrast, sidewaysBy, walkWithTab } from '../../tools/page-audit.ts';
import { type PostgresPart, type RedisPart, startPostgres, startRedis } from '../testing.ts';
import { type Shop, startShop } from './testing.ts';

let browser: Browser;
let postgres: PostgresPart;
let redis: RedisPart;
let shop: Shop;
beforeAll(async () => {
  [browser, postgres, redis] = await Promise.all([launch(), startPostgres(), startRedis()]);
  shop = await startShop({ postgres, redis }, { SALE_ITEMS: 40 });
});
afterAll(async () => {
  await browser?.close();
  for (const part of [shop, redis, postgres]) await part?.[Symbol.asyncDispose]();
});

const visit = async (options: Parameters<typeof open>[2] = {}) => {
  const opened = await open(browser, `${shop.base}/`, options, (url) => url.startsWith(shop.base));
  await opened.page
    .getByRole('button', { name: /^Reserve / })
    .first()
    .waitFor();
  return opened;
};

test('a shopper reserves and buys with the keyboard alone, and nothing goes wrong on the way', async () => {
  await using opened = await visit();
  const { page } = opened;
  const walk = await walkWithTab(page);
  expect(walk).toMatchObject({ unreached: [], backwards: [], unseen: [] });
  expect(walk.stops).toBeGreaterThanOrEqual(11);
  await page
    .getByRole('button', { name: /^Reserve / })
    .first()
    .focus();
  await page.keyboard.press('Enter');
  const bag = page.getByRole('complementary', { name: 'Your bag' });
  const buy = bag.getByRole('button', { name: /^Buy .+ now$/ });
  await buy.waitFor();
  await buy.focus();
  await page.keyboard.press('Enter');
  await bag.getByText('✓ Bought', { exact: true }).waitFor();
  expect(await page.getByRole('status').textContent()).toMatch(/is yours\.$/);
  await keepPicture(page, 'storefront-bought');
  expect(opened.unwanted).toEqual([]);
});

test.each(['light', 'dark'] as const)('everything on it can be read, in %s', async (colorScheme) => {
  await using opened = await visit({ colorScheme });
  expect(await poorContrast(opened.page)).toEqual([]);
  await keepPicture(opened.page, `storefront-${colorScheme}`);
});

test('it fits a screen of 320 pixels, with something in the bag', async () => {
  await using opened = await visit({ viewport: { width: 320, height: 700 } });
  await opened.page
    .getByRole('button', { name: /^Reserve / })
    .first()
    .click();
  await opened.page.getByRole('button', { name: /^Buy / }).waitFor();
  expect(await sidewaysBy(opened.page)).toBe(0);
  await keepPicture(opened.page, 'storefront-320');
});

test.each(['light', 'dark'] as const)(
  'a shop without its database says so where everybody notices, in %s',
  async (colorScheme) => {
    await using opened = await visit({ colorScheme });
    const { page } = opened;
    await page.route('**/checkout', (route) =>
      route.fulfill({
        status: 503,
        json: { error_code: 'DATABASE_UNAVAILABLE', message: 'Try again in a moment.', correlation_id: 'c-1' },
      }),
    );
    await page
      .getByRole('button', { name: /^Reserve / })
      .first()
      .click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/The shop is having trouble\s+Try again in a moment\. Reference c-1/);
    expect(await poorContrast(page)).toEqual([]);
    await keepPicture(page, `storefront-trouble-${colorScheme}`);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await alert.isVisible()).toBe(false);
  },
);
