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
import { httpHangs } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const s3 = alert('AudioS3Failing');
const failing = alert('AudioFailureRateSpiking');
const errors = metric('audio_processing_failures_total')
  .where({ stage: 's3_upload', reason: 'network_timeout' })
  .rate();
const retries = panel('Audio Pipeline', 'Retry rate');

export default scenario('S3 takes files and never answers', {
  hypothesis:
    'An upload to S3 is given up after a minute and tried again, the worker stays free for others, and the on-call reads that it is a time-out of S3 and not a refusal.',
  // Hands enough for those that hang for their minute, and patience with six encoders at once when it is over.
  system: audio({ concurrency: 6, ffmpegTimeout: '10m' }),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(s3.staysSilent(), failing.staysSilent(), retries.hasData()),
    during('12m', httpHangs('versitygw', { method: 'PUT', path: /^\/audio\/audio\//, share: '70%' })).expect(
      errors.exceeds('0.1/s').within('6m'),
      s3.fires({ severity: 'warning' }).within('10m'),
      s3.notifies().within('11m'),
      failing.fires({ stage: 's3_upload', reason: 'network_timeout' }).within('11m'),
      retries.rises().within('8m'),
      metric('audio_processing_retries_total').where({ attempt: '1' }).rate().exceeds('0.1/s').within('8m'),
      log('audio-worker', { level: 'error', stage: 's3_upload', error_code: 'network_timeout' }).appears().within('6m'),
    ),
    recovery('15m').expect(
      s3.resolves().within('7m'),
      failing.resolves().within('8m'),
      s3.notifiesResolved().within('14m'),
      retries.returns().within('10m'),
    ),
  ],
  mayFire: {
    AudioUploadSuccessLow: 'one upload in four hangs four times in a row',
    AudioProcessingSlowDown: 'a file that hangs takes its whole minute',
  },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
