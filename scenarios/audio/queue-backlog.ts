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

const ordinary = [listeners.at('5/s'), uploads.at('1/s')];
const premiere = [
  listeners.at('5/s'),
  uploads.ramping(
    [
      { to: '28/s', over: '5m' },
      { to: '1/s', over: '10s' },
    ],
    { from: '28/s' },
  ),
];

export default scenario('more uploads than a starved worker gets through', {
  hypothesis:
    'While ffmpeg gets a tenth of a processor and a premiere brings many uploads, they queue up, which is reported within 13 minutes; later all of them are done.',
  system: audio({ ffmpegTimeout: '10m', concurrency: 3 }),
  load: ordinary,
  phases: [
    warmUp('1m'),
    baseline('5m').expect(backlog.staysSilent(), queue.hasData()),
    during('16m', starveCpu('audio-worker', { program: 'ffmpeg', share: '10%' }))
      .under(premiere)
      .expect(
        pending.exceeds(100).within('9m'),
        backlog.fires({ severity: 'warning' }).within('15m'),
        backlog.notifies().within('16m'),
        queue.rises().within('8m'),
        panel('Audio Pipeline', 'Uploads per minute (success, failed)').rises().within('8m'),
        panel('Search Performance', 'Search call rate').rises().within('8m'),
        panel('Database Health', 'Query rate by type').rises().within('8m'),
        panel('Database Health', 'Queries per table').rises().within('8m'),
        panel('System Health', 'CPU usage').rises().within('8m'),
        panel('Cache Performance', 'Invalidations by reason').rises().within('8m'),
      ),
    recovery('80m').expect(
      backlog.resolves().within('20m'),
      backlog.notifiesResolved().within('27m'),
      pending.fallsBelow(10).within('80m'),
    ),
  ],
  mayFire: {
    AudioProcessingSlowDown: 'a starved ffmpeg can take more than a minute',
  },
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
