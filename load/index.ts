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

/** Members of the audio network who search, read, follow, like and look at their feed: 9 requests or so each. */
export const listeners = traffic('listeners', journeyIn('audio/listener', 'listener'));

/** Members who post a recording of some seconds. The upload's id is a receipt. */
export const uploads = traffic('uploads', journeyIn('audio/uploader', 'uploader'));

/** Recordings of three minutes, 30 MB: ffmpeg is busy for two seconds or so with each. */
export const longUploads = traffic('long uploads', journeyIn('audio/uploader', 'longUploader'));

/** Uploads that are no recordings. */
export const corruptUploads = traffic('corrupt uploads', journeyIn('audio/uploader', 'corruptUploader'));

/** Recordings of 1.4 MB, for networks that take less. */
export const oversizedUploads = traffic('oversized uploads', journeyIn('audio/uploader', 'oversizedUploader'));

/** Bad addresses, weak passwords and impossible tempos: 5 refusals each. */
export const carelessMembers = traffic('careless members', journeyIn('audio/careless', 'careless'));

/** Stolen credentials tried out: six times 401 each. */
export const intruders = traffic('intruders', journeyIn('audio/intruder', 'intruder'));

/** Members who reach for what is others': 403. */
export const trespassers = traffic('trespassers', journeyIn('audio/intruder', 'trespasser'));

function journeyIn(file: string, name: string) {
  return { module: new URL(`./journeys/${file}.ts`, import.meta.url).href, name };
}
