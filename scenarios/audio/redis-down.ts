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
import { slowLink, stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const stalled = alert('AudioPipelineStalled');
const misses = alert('AudioCacheHitRateLow');
const hitRate = panel('Cache Performance', 'Hit rate % overall and per cache');
// The median: a single slow operation, of a machine that was busy elsewhere, is the 99th percentile of few.
const operations = panel('Cache Performance', 'Operation duration p50/p95/p99').legend('P50');

export default scenario('the queue and the cache lose their Redis', {
  hypothesis:
    'A slow Redis shows on the dashboard. Without it uploads are still taken and wait, the on-call is paged within 13 minutes, and once Redis is back every one of them is done.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(stalled.staysSilent(), hitRate.hasData()),
    during('4m', slowLink('redis', { latency: '50ms' })).expect(operations.rises().within('4m')),
    during('15m', stopService('redis')).expect(
      stalled.fires({ severity: 'critical' }).within('13m'),
      stalled.notifies().within('14m'),
      misses.fires({ severity: 'warning' }).within('11m'),
      hitRate.falls().within('3m'),
      metric('queue_jobs_pending').where({ status: 'waiting' }).value().exceeds(3).within('6m'),
      metric('queue_jobs_submitted_total').over('5m').rate().staysAbove('0.2/s'),
      metric('http_requests_total').share({ status: /5../ }).staysBelow('5%'),
    ),
    recovery('15m').expect(
      stalled.resolves().within('4m'),
      misses.resolves().within('6m'),
      stalled.notifiesResolved().within('11m'),
      operations.returns().within('8m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
