/** A process with a k6 load in it, for a test that kills it: `testing-load.ts URL`. */
import { buyers, k6 } from './index.ts';
import { targetOf } from './testing.ts';

const [, , url = ''] = process.argv;
await k6(buyers.at('20/s', { capacity: 10 })).start(targetOf({ url }), () => {});
process.send?.('running');
