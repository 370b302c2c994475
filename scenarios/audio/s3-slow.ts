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
import { s3Slow } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const slow = alert('AudioProcessingSlowDown');
const p95 = metric('audio_processing_duration_seconds').where({ stage: 's3_upload' }).over('5m').quantile(0.95);
const stages = panel('Audio Pipeline', 'Processing time p50/p95/p99 per stage');

export default scenario('S3 is slow', {
  hypothesis:
    'Uploads take minutes and come through all the same, nobody is told that they fail, and the slow stage is named within 18 minutes.',
  // Patient enough that slow is not failed, and wide enough that slow is not a backlog.
  system: audio({ s3Timeout: '10m', ffmpegTimeout: '10m', concurrency: 6 }),
  load: [listeners.at('5/s'), uploads.at('1.5/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(p95.staysBelow('30s'), slow.staysSilent()),
    during('19m', s3Slow('versitygw', { delay: '1500ms', operation: 'PutObject' })).expect(
      p95.exceeds('90s').within('6m'),
      stages.rises().within('8m'),
      slow.fires({ severity: 'warning', stage: 's3_upload' }).within('18m'),
      slow.notifies().within('19m'),
      metric('queue_job_duration_seconds')
        .where({ stage: 'total' })
        .over('5m')
        .quantile(0.5)
        .exceeds('2m')
        .within('8m'),
    ),
    recovery('20m').expect(
      slow.resolves().within('13m'),
      slow.notifiesResolved().within('19m'),
      p95.fallsBelow('60s').within('13m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
