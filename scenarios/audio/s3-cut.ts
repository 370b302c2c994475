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
import { s3Cut } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const s3 = alert('AudioS3Failing');
const failing = alert('AudioFailureRateSpiking');
const errors = metric('audio_processing_failures_total').where({ stage: 's3_upload', reason: 's3_error' }).rate();
const retries = panel('Audio Pipeline', 'Retry rate');

export default scenario('connections to S3 break in the middle of a file', {
  hypothesis:
    'Half a file in S3 is never taken for a whole one: what was cut off is sent again, the on-call is told that it is S3, and what is done is stored to its last byte.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(s3.staysSilent(), failing.staysSilent(), retries.hasData()),
    during(
      '12m',
      s3Cut('versitygw', { body: 'request', operation: 'PutObject', key: /^audio\//, share: '70%' }),
    ).expect(
      errors.exceeds('0.1/s').within('6m'),
      s3.fires({ severity: 'warning' }).within('10m'),
      s3.notifies().within('11m'),
      failing.fires({ stage: 's3_upload', reason: 's3_error' }).within('11m'),
      retries.rises().within('8m'),
      panel('Audio Pipeline', 'Retry success rate by attempt').reacts().within('11m'),
      metric('external_call_errors_total')
        .where({ service: 's3', error_type: 'connection' })
        .rate()
        .exceeds('0.1/s')
        .within('4m'),
      log('audio-worker', { level: 'error', stage: 's3_upload', error_code: 's3_error' }).appears().within('6m'),
    ),
    recovery('15m').expect(
      s3.resolves().within('7m'),
      failing.resolves().within('8m'),
      s3.notifiesResolved().within('14m'),
      retries.returns().within('10m'),
    ),
  ],
  mayFire: { AudioUploadSuccessLow: 'one upload in four is cut off four times in a row' },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
