import {
  alert,
  log,
  metric,
  noUploadLost,
  panel,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { hangPrograms, killService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const unhealthy = alert('AudioHealthCheckFailing');
const queue = panel('Audio Pipeline', 'Queue health (pending, processing, DLQ)').legend('Pending');

export default scenario('the worker is killed in the middle of its jobs', {
  hypothesis:
    'Uploads wait while nobody works on them, the on-call is paged within 5 minutes, and the next worker finishes what was begun: nothing lost, nothing done twice.',
  // So patient that what hangs is no failure.
  system: audio({ ffmpegTimeout: '10m' }),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(unhealthy.staysSilent(), queue.hasData()),
    // So that there are jobs to be in the middle of: they go on as it is killed.
    during('3m', hangPrograms('audio-worker', 'ffmpeg')).expect(
      metric('audio_queue_processing_jobs').value().exceeds(1).within('3m'),
    ),
    during('8m', killService('audio-worker')).expect(
      unhealthy.fires({ severity: 'critical', instance: 'audio-worker' }).within('5m'),
      unhealthy.notifies().within('6m'),
      queue.rises().within('3m'),
      metric('audio_queue_pending_jobs').value().exceeds(3).within('8m'),
    ),
    recovery('16m').expect(
      unhealthy.resolves().within('4m'),
      unhealthy.notifiesResolved().within('10m'),
      panel('System Health', 'Uptime').falls().within('3m'),
      queue.returns().within('15m'),
      log('audio-worker', { message: 'audio processing done', attempt: '2' }).appears().within('6m'),
    ),
  ],
  mayFire: { AudioPipelineStalled: 'nothing ends any more, until what the dead worker counted is forgotten' },
  // Not jobsAgree(): a worker's counters start at zero with it.
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree()],
});
