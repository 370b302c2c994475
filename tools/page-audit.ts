/**
 * What every page of ours owes its readers, asked of a real Chromium: no error, no request beside its own, contrast, the
 * keyboard, no sideways scrolling. For the tests of the reports and of the storefront, which keep pictures as they go.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { find } from '../harness/stack/programs.ts';
import { CHROMIUM, CHROMIUM_ARGS } from '../load/chromium.ts';

const SCREENSHOTS = fileURLToPath(new URL('../reports/out/screenshots/', import.meta.url));

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: find(CHROMIUM) ?? CHROMIUM.command, args: [...CHROMIUM_ARGS] });
}

export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Console messages, page errors, dialogs and requests that the page has no business making. */
  readonly unwanted: readonly string[];
}

/** `mayAsk`: whether a request is the page's business; by default none but the page itself is. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  mayAsk: (url: string) => boolean = (asked) => asked === url,
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const unwanted: string[] = [];
  page.on('console', (message) => unwanted.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => unwanted.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!mayAsk(request.url()) && !request.url().startsWith('data:')) unwanted.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, unwanted, [Symbol.asyncDispose]: () => context.close() };
}

/** A picture for people to look at: reports/out/screenshots/<name>.png, of the whole page. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true, animations: 'disabled' });
}

/**
 * Text with less contrast than WCAG 2.2 AA asks for (1.4.3: 4.5, or 3 for large text), as computed and blended where it
 * stands. What cannot be used is exempt there, and so here.
 */
export function poorContrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no canvas to read colours with');
    /** Any notation of a colour as red, green, blue (0 to 255) and alpha (0 to 1). */
    const channels = (colour: string): readonly [number, number, number, number] => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const luminance = (colour: readonly number[]) => {
      const [r = 0, g = 0, b = 0] = colour.map((c) =>
        c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element): readonly [number, number, number] => {
      for (let one: Element | null = element; one !== null; one = one.parentElement) {
        const [r, g, b, a] = channels(getComputedStyle(one).backgroundColor);
        if (a === 1) return [r, g, b];
      }
      return [255, 255, 255];
    };
    return [...document.querySelectorAll('body *')].flatMap((element) => {
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== '');
      const seen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      const style = getComputedStyle(element);
      if (!text || !seen || element.closest(':disabled, script, style, template') || style.clipPath !== 'none')
        return [];
      let opacity = 1;
      for (let one: Element | null = element; one !== null; one = one.parentElement)
        opacity *= Number(getComputedStyle(one).opacity);
      const ground = behind(element);
      const [r, g, b, a] = channels(style.color);
      const ink = [r, g, b].map((value, index) => value * a * opacity + (ground[index] ?? 0) * (1 - a * opacity));
      const [light, dark] = [luminance(ink), luminance(ground)].sort((one, other) => other - one);
      const ratio = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      return ratio < least ? [`${ratio.toFixed(2)} ${element.className} ${element.textContent?.slice(0, 40)}`] : [];
    });
  });
}

export interface Walk {
  /** What acts and was never reached, went backwards in the page, or had the focus without showing it. */
  readonly unreached: readonly string[];
  readonly backwards: readonly string[];
  readonly unseen: readonly string[];
  readonly stops: number;
}

/** Goes through the page with the Tab key alone. */
export async function walkWithTab(page: Page): Promise<Walk> {
  await page.evaluate(() => {
    scrollTo(0, 0);
    (document.activeElement as HTMLElement | null)?.blur();
    for (const element of document.querySelectorAll('a[href], button, summary, input, [tabindex="0"]')) {
      const usable = element.checkVisibility({ visibilityProperty: true }) && !element.matches(':disabled');
      if (usable) element.setAttribute('data-awaits', '');
    }
  });
  const most = await page.locator('[data-awaits]').count();
  const [backwards, unseen]: [string[], string[]] = [[], []];
  let stops = 0;
  for (let press = 0; press < most + 5; press += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const now = document.activeElement;
      if (now === null || now === document.body) return undefined;
      const name = `${now.tagName} ${now.id || now.className} ${now.textContent?.trim().slice(0, 30)}`;
      const before = document.querySelector('[data-was]');
      before?.removeAttribute('data-was');
      const again = !now.hasAttribute('data-awaits');
      now.removeAttribute('data-awaits');
      now.setAttribute('data-was', '');
      const { outlineStyle, outlineWidth } = getComputedStyle(now);
      const box = now.getBoundingClientRect();
      return {
        name,
        again,
        backwards: before !== null && (before.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_PRECEDING) !== 0,
        unseen: outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 1 || box.width === 0,
      };
    });
    if (stop === undefined || stop.again) continue;
    stops += 1;
    if (stop.backwards) backwards.push(stop.name);
    if (stop.unseen) unseen.push(stop.name);
  }
  const unreached = await page
    .locator('[data-awaits]')
    .evaluateAll((all) => all.map((one) => `${one.tagName} ${one.id} ${one.textContent?.trim().slice(0, 30)}`));
  return { unreached, backwards, unseen, stops };
}

/** Pixels by which the page is wider than the screen; 0 where nobody has to scroll sideways. */
export const sidewaysBy = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
