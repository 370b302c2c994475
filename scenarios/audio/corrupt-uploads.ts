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
import { corruptUploads, listeners, oversizedUploads, uploads } from '../../load/index.ts';
import { audio, discardDeadLetters } from '../../sut/index.ts';

const failing = alert('AudioFailureRateSpiking');
const success = alert('AudioUploadSuccessLow');
const letters = metric('queue_dlq_jobs').where({ reason: 'invalid_audio' }).value();

const ordinary = [listeners.at('5/s'), uploads.at('1/s')];

export default scenario('uploads that are no recordings, or too large', {
  hypothesis:
    'What is too large is refused at the door, what is no audio dies at its first attempt, somebody is told within 12 minutes, and nobody is paged for what users did wrong.',
  system: audio({ maxUpload: '1MiB' }),
  load: ordinary,
  phases: [
    warmUp('1m'),
    baseline('5m').expect(failing.staysSilent(), success.staysSilent()),
    during('13m')
      .under([...ordinary, corruptUploads.at('1/s'), oversizedUploads.at('1/s')])
      .expect(
        failing.fires({ severity: 'warning', stage: 'ffmpeg', reason: 'invalid_audio' }).within('12m'),
        failing.notifies().within('13m'),
        letters.exceeds(4).within('9m'),
        metric('http_errors_total').where({ error_code: 'PAYLOAD_TOO_LARGE' }).rate().exceeds('0.3/s').within('6m'),
        metric('queue_job_failures_total').where({ reason: 'invalid_audio' }).rate().exceeds('0.3/s').within('6m'),
        panel('Audio Pipeline', 'Uploads per minute (success, failed)').legend('Failed').rises().within('7m'),
        log('audio-worker', { level: 'error', error_code: 'invalid_audio' }).appears().within('5m'),
        success.staysSilent(),
      ),
    recovery('15m', discardDeadLetters()).expect(
      failing.resolves().within('8m'),
      failing.notifiesResolved().within('14m'),
      // The last of them may die a moment later.
      letters.fallsBelow(4).within('3m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
