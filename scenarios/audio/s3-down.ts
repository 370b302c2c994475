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
import { stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio, requeueDeadLetters } from '../../sut/index.ts';

const success = alert('AudioUploadSuccessLow');
const s3 = alert('AudioS3Failing');
const failing = alert('AudioFailureRateSpiking');
const letters = panel('Audio Pipeline', 'DLQ size');

export default scenario('S3 is down', {
  hypothesis:
    'Uploads are given up after four attempts, the on-call is paged within 13 minutes, and once S3 is back their letters are tried again and every upload comes through.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(success.staysSilent(), letters.hasData()),
    during('14m', stopService('versitygw')).expect(
      s3.fires({ severity: 'warning' }).within('10m'),
      success.fires({ severity: 'critical' }).within('13m'),
      success.notifies().within('14m'),
      failing.fires({ stage: 's3_upload', reason: 's3_error' }).within('12m'),
      letters.rises().within('10m'),
      log('audio-worker', { level: 'error', error_code: 'max_retries_exceeded' }).appears().within('8m'),
    ),
    recovery('15m', requeueDeadLetters()).expect(
      letters.returns().within('5m'),
      s3.resolves().within('7m'),
      success.resolves().within('8m'),
      failing.resolves().within('8m'),
      success.notifiesResolved().within('14m'),
      metric('user_audio_upload_success_rate').value().exceeds(0.995).within('9m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
