/** What a scenario can claim. */
export { alert } from './alert.ts';
export { jobsAgree, noUploadLost, processedOnce, requestsAgree, uploadsStored } from './audio-invariants.ts';
export { log } from './log.ts';
export { atLeast, field } from './log-values.ts';
export { metric } from './metric.ts';
export { panel } from './panel.ts';
export { booksBalance, countsAgree, neverOversells, nothingLost, sellsExactly } from './shop-invariants.ts';
export { shopper } from './shopper.ts';
