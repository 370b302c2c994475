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
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { intruders, listeners, trespassers, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const stuffing = alert('AudioCredentialStuffing');
const security = panel('Error Analysis', 'Security events (401/403)');
const requests = metric('http_requests_total');

const ordinary = [listeners.at('5/s'), uploads.at('1/s')];

export default scenario('somebody tries out stolen credentials', {
  hypothesis:
    'Guessed passwords, a forged session and a trespasser open nothing, and the on-call is paged within 6 minutes.',
  system: audio(),
  load: ordinary,
  phases: [
    warmUp('1m'),
    baseline('5m').expect(stuffing.staysSilent(), security.hasData()),
    during('8m')
      .under([...ordinary, intruders.at('5/s'), trespassers.at('1/s')])
      .expect(
        requests.where({ status: '401', error_code: 'CREDENTIALS_INVALID' }).rate().exceeds('5/s').within('5m'),
        requests.where({ status: '403', error_code: 'FORBIDDEN' }).rate().exceeds('0.5/s').within('5m'),
        stuffing.fires({ severity: 'critical' }).within('6m'),
        stuffing.notifies().within('7m'),
        security.rises().within('5m'),
        panel('API Health', 'Request rate').rises().within('5m'),
        panel('API Health', 'Status code distribution').reacts().within('5m'),
        log('audio-api', { error_code: 'CREDENTIALS_INVALID' }).appears().within('5m'),
      ),
    recovery('12m').expect(
      stuffing.resolves().within('5m'),
      stuffing.notifiesResolved().within('11m'),
      security.returns().within('5m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
