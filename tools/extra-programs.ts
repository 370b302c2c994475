/** Programs beside those that a run needs: what tests look through, and what benchmarks compare with. */
import type { Program } from '../harness/stack/service.ts';

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
