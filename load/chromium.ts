/** Chromium, as a program that a run or a test may need, and how it is started: nothing of it calls anybody. */
import type { Program } from '../harness/stack/service.ts';

export const CHROMIUM: Program = {
  command: 'chromium',
  aliases: ['chromium-browser', 'google-chrome'],
  why: 'shoppers buy in it, and the reports and the storefront are tested in it',
  packages: { apt: 'chromium', dnf: 'chromium', brew: '--cask chromium' },
};

export const CHROMIUM_ARGS: readonly string[] = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
