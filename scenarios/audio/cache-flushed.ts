import {
  alert,
  jobsAgree,
  metric,
  noUploadLost,
  panel,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { flushRedis, keepFlushingRedis } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const misses = alert('AudioCacheHitRateLow');
const hitRate = panel('Cache Performance', 'Hit rate % overall and per cache');
const counts = panel('Cache Performance', 'Hits vs misses');

export default scenario('the cache is emptied again and again', {
  hypothesis:
    'Redis dies, comes back empty and is then emptied ten times a second: everything is answered from the database, the on-call is told within 9 minutes, and the queue in the same Redis loses nothing.',
  // So few entries that the network is always short of them.
  system: audio({ cacheEntries: 20 }),
  load: [listeners.at('6/s'), uploads.at('1/s')],
  phases: [
    warmUp('4m'),
    baseline('5m').expect(
      metric('cache_evictions_total').over('3m').rate().staysAbove('1/s'),
      misses.staysSilent(),
      hitRate.hasData(),
    ),
    during('10m', flushRedis(), keepFlushingRedis({ every: '100ms' })).expect(
      misses.fires({ severity: 'warning', cache_name: 'post' }).within('9m'),
      misses.notifies().within('10m'),
      hitRate.falls().within('3m'),
      counts.legend('Misses').rises().within('3m'),
      panel('Cache Performance', 'Evictions per minute').falls().within('3m'),
      metric('http_requests_total').share({ status: /5../ }).staysBelow('5%'),
    ),
    recovery('15m').expect(
      misses.resolves().within('5m'),
      misses.notifiesResolved().within('11m'),
      hitRate.returns().within('6m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
