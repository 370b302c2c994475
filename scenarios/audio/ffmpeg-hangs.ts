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
import { hangPrograms } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const failing = alert('AudioFailureRateSpiking');
const timeouts = metric('audio_processing_failures_total').where({ stage: 'ffmpeg', reason: 'ffmpeg_timeout' }).rate();
const failures = panel('Audio Pipeline', 'Failure rate overall and by stage');

export default scenario('every ffmpeg hangs', {
  hypothesis:
    'Each ffmpeg is killed at its time limit and its job tried again, the failures are reported within 11 minutes, and no upload is lost.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(failing.staysSilent(), failures.hasData()),
    during('13m', hangPrograms('audio-worker', 'ffmpeg')).expect(
      timeouts.exceeds('0.1/s').within('4m'),
      failing.fires({ severity: 'warning', stage: 'ffmpeg', reason: 'ffmpeg_timeout' }).within('11m'),
      failing.notifies().within('12m'),
      failures.rises().within('4m'),
      panel('Audio Pipeline', 'Top failure reasons').rises().within('4m'),
      panel('Audio Pipeline', 'Queue health (pending, processing, DLQ)').legend('Pending').rises().within('8m'),
      log('audio-worker', { level: 'error', stage: 'ffmpeg', error_code: 'ffmpeg_timeout' }).appears().within('3m'),
    ),
    recovery('19m').expect(
      failing.resolves().within('12m'),
      failing.notifiesResolved().within('18m'),
      failures.returns().within('8m'),
    ),
  ],
  mayFire: {
    AudioProcessingSlowDown: 'what is killed at its limit took a little longer than a minute',
    AudioUploadSuccessLow: 'jobs die once their four attempts have hung',
    AudioPipelineStalled: 'until the first of them die, no upload ends',
  },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
