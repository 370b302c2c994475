import {
  alert,
  atLeast,
  field,
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
import { listeners, longUploads, uploads } from '../../load/index.ts';
import { audio, setFfmpegTimeout } from '../../sut/index.ts';

const failing = alert('AudioFailureRateSpiking');
const success = alert('AudioUploadSuccessLow');
const timeouts = metric('audio_processing_failures_total').where({ stage: 'ffmpeg', reason: 'ffmpeg_timeout' }).rate();
const failures = panel('Audio Pipeline', 'Failure rate overall and by stage');

const ordinary = [listeners.at('3/s'), uploads.at('1.2/s')];
const withLongOnes = [...ordinary, longUploads.at('0.3/s')];

/** The incident that the dashboards were made for, walked as its on-call walks it. */
export default scenario('large files time out', {
  hypothesis:
    'Long recordings take ffmpeg longer than its limit. The alert, the dashboard and the logs lead from the symptom to these files, and raising the limit mends it.',
  system: audio({ ffmpegTimeout: '45s' }),
  load: ordinary,
  phases: [
    warmUp('1m'),
    baseline('5m').expect(
      failing.staysSilent(),
      failures.hasData(),
      metric('user_audio_upload_success_rate').value().staysAbove(0.995),
    ),
    during('25m')
      .under(withLongOnes)
      .chapter(
        'The alert fires: audio uploads suddenly fail',
        failing.fires({ severity: 'warning', stage: 'ffmpeg', reason: 'ffmpeg_timeout' }).within('13m'),
        failing.notifies().within('14m'),
        metric('user_audio_upload_success_rate').value().fallsBelow(0.95).within('14m'),
        success.fires({ severity: 'critical' }).within('23m'),
        success.notifies().within('24m'),
      )
      .chapter(
        'The dashboard names the reason: ffmpeg_timeout dominates',
        failures.rises().within('8m'),
        panel('Audio Pipeline', 'Top failure reasons').dominatedBy({ reason: 'ffmpeg_timeout' }).within('10m'),
      )
      .chapter(
        'The logs name the files: the large ones take longer than the limit',
        log('audio-worker', { level: 'error', error_code: 'ffmpeg_timeout' })
          .allHave({
            post_id: /./,
            audio_file_size: atLeast('10MiB'),
            ffmpeg_duration: atLeast(field('timeout')),
            timeout: '45',
          })
          .within('10m'),
      ),
    recovery('25m', setFfmpegTimeout('5m'))
      .under(withLongOnes)
      .chapter(
        'The limit is raised: failures fall',
        timeouts.fallsBelow('0.02/s').within('8m'),
        failures.returns().within('15m'),
        failing.resolves().within('13m'),
      )
      .chapter(
        'Uploads come through again',
        metric('user_audio_upload_success_rate').value().exceeds(0.995).within('18m'),
        success.resolves().within('18m'),
      ),
  ],
  mayFire: { AudioProcessingSlowDown: 'long recordings take more than a minute, once they are given the time' },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
