import {
  alert,
  jobsAgree,
  metric,
  noUploadLost,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const errors = alert('AudioHighErrorRate');
const unhealthy = alert('AudioHealthCheckFailing');
const failed = metric('http_requests_total').share({ status: /5../ });

export default scenario('the database of the audio network is down', {
  hypothesis:
    'Requests fail at once and say so, the on-call is paged within 5 minutes, and nothing that was acknowledged is lost.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(failed.staysBelow('1%'), errors.staysSilent(), unhealthy.staysSilent()),
    during('7m', stopService('postgres')).expect(
      failed.exceeds('5%').within('2m'),
      errors.fires({ severity: 'critical' }).within('5m'),
      errors.notifies().within('6m'),
      unhealthy.fires({ severity: 'critical', instance: 'audio-api' }).within('6m'),
      metric('http_errors_total').where({ error_code: 'DATABASE_UNAVAILABLE' }).rate().exceeds('1/s').within('3m'),
    ),
    recovery('12m').expect(
      errors.resolves().within('5m'),
      unhealthy.resolves().within('5m'),
      errors.notifiesResolved().within('11m'),
      failed.fallsBelow('1%').within('6m'),
    ),
  ],
  mayFire: {
    AudioCacheHitRateLow: 'a request that fails for its feed has missed the cache before',
    AudioDatabaseSlow: 'queries that wait for a connection until they fail are slow, too',
  },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
