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
import { s3Errors } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio, requeueDeadLetters } from '../../sut/index.ts';

const accumulating = alert('DLQAccumulating');
const s3 = alert('AudioS3Failing');
const failing = alert('AudioFailureRateSpiking');
const success = alert('AudioUploadSuccessLow');
const letters = panel('Audio Pipeline', 'DLQ size');

export default scenario('nobody sees to the dead letters', {
  hypothesis:
    'A policy that denies the worker its bucket is mended, but the uploads it cost stay dead; a quarter of an hour later somebody is told, and tries them again.',
  // Given up after two attempts, so that there are soon enough.
  system: audio({ retries: 1, ffmpegTimeout: '5m' }),
  // One a second: the worker works twice on each, and has to keep up on a slow machine as well.
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(accumulating.staysSilent(), letters.hasData()),
    during('20m', s3Errors('versitygw', { error: 'AccessDenied', operation: 'PutObject' })).expect(
      letters.rises().within('5m'),
      metric('audio_queue_dlq_jobs').where({ reason: 'max_retries_exceeded' }).value().exceeds(10).within('20m'),
      s3.fires().within('10m'),
      failing.fires().within('11m'),
      success.fires().within('12m'),
    ),
    // Healed, and forgotten.
    during('24m').expect(
      success.resolves().within('10m'),
      s3.resolves().within('8m'),
      failing.resolves().within('9m'),
      accumulating.fires({ severity: 'warning', reason: 'max_retries_exceeded' }).within('22m'),
      accumulating.notifies().within('23m'),
    ),
    recovery('12m', requeueDeadLetters()).expect(
      accumulating.resolves().within('4m'),
      accumulating.notifiesResolved().within('11m'),
      letters.returns().within('5m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
