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
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { carelessMembers, listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const refused = alert('AudioValidationFailuresHigh');
const errors = alert('AudioHighErrorRate');
const failures = metric('validation_failures_total');
const overTime = panel('Data Quality', 'Validation failure rate over time');

const ordinary = [listeners.at('5/s'), uploads.at('1/s')];

export default scenario('a client sends bad data', {
  hypothesis:
    'A storm of bad addresses, weak passwords and impossible tempos is refused field by field and reported within 7 minutes; it wakes nobody.',
  system: audio(),
  load: ordinary,
  phases: [
    warmUp('1m'),
    baseline('5m').expect(refused.staysSilent(), overTime.hasData()),
    during('9m')
      .under([...ordinary, carelessMembers.at('3/s')])
      .expect(
        failures.where({ field: 'email', reason: 'invalid_format' }).rate().exceeds('1/s').within('3m'),
        failures.where({ field: 'password', reason: 'too_short' }).rate().exceeds('1/s').within('3m'),
        failures.where({ field: 'bpm', reason: 'out_of_range' }).rate().exceeds('1/s').within('3m'),
        metric('validation_error_rate').where({ field: 'bpm' }).value().exceeds(0.1).within('4m'),
        refused.fires({ severity: 'warning', field: 'bpm' }).within('7m'),
        refused.notifies().within('8m'),
        errors.staysSilent(),
        overTime.rises().within('3m'),
        panel('Data Quality', 'Top validation failures').rises().within('3m'),
        panel('Data Quality', 'Most problematic fields').rises().within('3m'),
        panel('Data Quality', 'Password strength requirements met %').falls().within('3m'),
        panel('Error Analysis', 'Top 10 most common errors').rises().within('3m'),
        panel('Error Analysis', 'Error rate by error code').rises().within('3m'),
        panel('Error Analysis', 'Error rate by endpoint').rises().within('3m'),
        panel('Error Analysis', 'Error rate over time').rises().within('3m'),
        panel('Error Analysis', 'Top error codes (last hour)').rises().within('3m'),
        panel('Error Analysis', 'Error distribution').reacts().within('3m'),
        panel('Error Analysis', 'Validation errors by field').rises().within('3m'),
        panel('API Health', 'Top error codes').rises().within('3m'),
        panel('API Health', 'Top error endpoints').rises().within('3m'),
        panel('API Health', 'Error rate').legend('4xx').rises().within('3m'),
      ),
    recovery('12m').expect(
      refused.resolves().within('5m'),
      refused.notifiesResolved().within('11m'),
      overTime.returns().within('5m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
