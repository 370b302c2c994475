/** What scenarios read: `buyers.at('80/s')`. */
import { browsing } from './browser.ts';
import { traffic } from './traffic.ts';

export { type BrowsingOptions, browsing } from './browser.ts';
export {
  type K6Options,
  k6,
  OPEN_DRIVERS,
  type OpenDriver,
  type OpenLoad,
  openDriver,
  type TrafficOptions,
  traffic,
} from './traffic.ts';

/** Visitors who look, reserve and buy. */
export const buyers = traffic('buyers', journeyIn('buyers', 'buyer'));

/** Few users with many checkouts at once each: contention for their locks. One iteration is 8 checkouts. */
export const stampede = traffic('stampede', journeyIn('stampede', 'stampeder'));

/** Buys the sale empty: as many users as that takes, each up to the limit. Its end is 'SOLD_OUT'. */
export const rush = traffic('rush', journeyIn('rush', 'rusher'), { until: 'SOLD_OUT' });

/** People who buy in the storefront with a real browser, and what they see. For beside a protocol load. */
export const shoppers = browsing('shoppers', journeyIn('shopper', 'shopper'));

function journeyIn(file: string, name: string) {
  return { module: new URL(`./journeys/${file}.ts`, import.meta.url).href, name };
}
