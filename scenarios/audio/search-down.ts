import {
  alert,
  jobsAgree,
  log,
  metric,
  noUploadLost,
  panel,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { httpErrors, httpHangs, stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const failing = alert('AudioExternalServiceFailing');
const errors = alert('AudioHighErrorRate');
const calls = metric('external_call_errors_total').where({ service: 'elasticsearch' });
const byType = panel('Search Performance', 'Search errors by type');
const latency = panel('Search Performance', 'Search latency p50/p95/p99');

export default scenario('search fails in every way it can', {
  hypothesis:
    'Whether the search index is gone, answers errors or hangs, everything else goes on, the on-call is told which service it is within 7 minutes, and nobody is paged.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(failing.staysSilent(), byType.hasData(), latency.hasData()),
    during('8m', stopService('elasticsearch')).expect(
      calls.where({ error_type: 'connection' }).rate().exceeds('1/s').within('3m'),
      failing.fires({ severity: 'warning', target: 'elasticsearch' }).within('7m'),
      failing.notifies().within('8m'),
      byType.rises().within('3m'),
      panel('API Health', 'Error rate').legend('5xx').rises().within('3m'),
      errors.staysSilent(),
      log('audio-api', { service_name: 'elasticsearch', error_type: 'connection' }).appears().within('2m'),
    ),
    during('4m', httpErrors('elasticsearch', { status: 503, path: /_search/ })).expect(
      calls.where({ operation: 'search', error_type: 'server_error' }).rate().exceeds('1/s').within('3m'),
      errors.staysSilent(),
    ),
    during('8m', httpHangs('elasticsearch')).expect(
      calls.where({ error_type: 'timeout' }).rate().exceeds('1/s').within('5m'),
      latency.rises().within('5m'),
      panel('System Health', 'Open file descriptors').rises().within('6m'),
      errors.staysSilent(),
    ),
    recovery('12m').expect(
      failing.resolves().within('5m'),
      failing.notifiesResolved().within('11m'),
      byType.returns().within('5m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
