/** Programs beside those that a run needs: what tests look through, and what benchmarks compare with. */
import type { Program } from '../harness/stack/service.ts';

export const CHROMIUM: Program = {
  command: 'chromium',
  aliases: ['chromium-browser', 'google-chrome'],
  why: 'the reports and the storefront are tested in it',
  packages: { apt: 'chromium', dnf: 'chromium', brew: '--cask chromium' },
};

export const PROMTOOL: Program = {
  command: 'promtool',
  why: "runs the rules' unit tests",
  packages: { apt: 'prometheus', dnf: 'prometheus', brew: 'prometheus' },
};

export const WRK: Program = {
  command: 'wrk',
  why: 'the yardstick of the load drivers',
  packages: { apt: 'wrk', dnf: 'wrk', brew: 'wrk' },
};
