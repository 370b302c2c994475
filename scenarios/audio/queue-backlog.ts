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
import { starveCpu } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const backlog = alert('AudioQueueBacklogHigh');
const pending = metric('audio_queue_pending_jobs').value();
const queue = panel('Audio Pipeline', 'Queue health (pending, processing, DLQ)').legend('Pending');

const audience = listeners.at('5/s');
/** A hundred and thirty, just more than the alert is about: whatever piles up has to be worked off again. */
const premiere = uploads.ramping(
  [
    { to: '13/s', over: '10m' },
    { to: '0/s', over: '10s' },
  ],
  { from: '13/s' },
);

export default scenario('more uploads than a starved worker gets through', {
  hypothesis:
    'While ffmpeg gets a tenth of a processor and a premiere brings many uploads, they queue up, which is reported within 23 minutes; later all of them are done.',
  system: audio({ ffmpegTimeout: '30m', concurrency: 3 }),
  load: [audience, uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(backlog.staysSilent(), queue.hasData()),
    during('24m', starveCpu('audio-worker', { program: 'ffmpeg', share: '10%' }))
      .under([audience, premiere])
      .expect(
        pending.exceeds(100).within('14m'),
        backlog.fires({ severity: 'warning' }).within('22m'),
        backlog.notifies().within('23m'),
        queue.rises().within('8m'),
        panel('Audio Pipeline', 'Uploads per minute (success, failed)').rises().within('8m'),
        panel('Search Performance', 'Search call rate').rises().within('8m'),
        panel('Database Health', 'Query rate by type').rises().within('8m'),
        panel('Database Health', 'Queries per table').rises().within('8m'),
        panel('System Health', 'CPU usage').rises().within('8m'),
        panel('Cache Performance', 'Invalidations by reason').rises().within('8m'),
      ),
    recovery('80m')
      .under(audience)
      .expect(
        backlog.resolves().within('30m'),
        backlog.notifiesResolved().within('37m'),
        pending.fallsBelow(10).within('80m'),
      ),
  ],
  mayFire: {
    AudioProcessingSlowDown: 'a starved ffmpeg can take more than a minute',
    AudioPipelineStalled: 'and so long that for minutes no upload ends',
  },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
