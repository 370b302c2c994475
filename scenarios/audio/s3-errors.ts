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
import { s3Errors } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const s3 = alert('AudioS3Failing');
const failing = alert('AudioFailureRateSpiking');
const errors = metric('audio_processing_failures_total').where({ stage: 's3_upload', reason: 's3_error' }).rate();
const retries = panel('Audio Pipeline', 'Retry rate');

export default scenario('S3 asks to slow down', {
  hypothesis:
    'Uploads that S3 refuses are tried again and most come through, the on-call is told that it is S3, and what is done is really stored.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(s3.staysSilent(), failing.staysSilent(), retries.hasData()),
    during(
      '12m',
      s3Errors('versitygw', { error: 'SlowDown', operation: 'PutObject', key: /^audio\//, share: '70%' }),
    ).expect(
      errors.exceeds('0.1/s').within('6m'),
      s3.fires({ severity: 'warning' }).within('10m'),
      s3.notifies().within('11m'),
      failing.fires({ stage: 's3_upload', reason: 's3_error' }).within('11m'),
      retries.rises().within('8m'),
      panel('Audio Pipeline', 'Retry success rate by attempt').reacts().within('11m'),
      metric('audio_processing_retries_total').where({ attempt: '1' }).rate().exceeds('0.1/s').within('8m'),
      log('audio-worker', { level: 'error', stage: 's3_upload', error_code: 's3_error' }).appears().within('6m'),
    ),
    recovery('15m').expect(
      s3.resolves().within('7m'),
      failing.resolves().within('8m'),
      s3.notifiesResolved().within('14m'),
      retries.returns().within('10m'),
    ),
  ],
  mayFire: { AudioUploadSuccessLow: 'one upload in four is refused four times in a row' },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
