/** What a scenario can claim. */
export { alert } from './alert.ts';
export { booksBalance, countsAgree, neverOversells, nothingLost, sellsExactly } from './invariants.ts';
export { log } from './log.ts';
export { metric } from './metric.ts';
export { panel } from './panel.ts';
export { shopper } from './shopper.ts';
