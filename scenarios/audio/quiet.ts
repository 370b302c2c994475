import {
  jobsAgree,
  metric,
  noUploadLost,
  panel,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { baseline, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const everyPanel = [
  ...(
    [
      'Request rate',
      'Error rate',
      'P50/P95/P99 latency',
      'Top slow endpoints',
      'Top error endpoints',
      'Top error codes',
      'Status code distribution',
    ] as const
  ).map((title) => panel('API Health', title)),
  ...(
    [
      'Queue health (pending, processing, DLQ)',
      'Processing time p50/p95/p99 per stage',
      'Failure rate overall and by stage',
      'Top failure reasons',
      'Retry rate',
      'Retry success rate by attempt',
      'DLQ size',
      'Uploads per minute (success, failed)',
    ] as const
  ).map((title) => panel('Audio Pipeline', title)),
  ...(
    [
      'Top 10 most common errors',
      'Error rate by error code',
      'Error rate by endpoint',
      'Error rate over time',
      'Top error codes (last hour)',
      'Error distribution',
      'Validation errors by field',
      'Security events (401/403)',
    ] as const
  ).map((title) => panel('Error Analysis', title)),
  ...(
    [
      'Top validation failures',
      'Validation failure rate over time',
      'Most problematic fields',
      'Password strength requirements met %',
    ] as const
  ).map((title) => panel('Data Quality', title)),
  ...(
    [
      'Hit rate % overall and per cache',
      'Hits vs misses',
      'Evictions per minute',
      'Operation duration p50/p95/p99',
      'Invalidations by reason',
    ] as const
  ).map((title) => panel('Cache Performance', title)),
  ...(
    [
      'Query duration p50/p95/p99 by table',
      'Slow queries per minute',
      'Connection pool usage',
      'Active connections',
      'Query rate by type',
      'Queries per table',
    ] as const
  ).map((title) => panel('Database Health', title)),
  ...(['Search call rate', 'Search errors by type', 'Search latency p50/p95/p99'] as const).map((title) =>
    panel('Search Performance', title),
  ),
  ...(
    [
      'Active resources (goroutine count)',
      'Memory usage',
      'GC pause time',
      'Uptime',
      'CPU usage',
      'Open file descriptors',
    ] as const
  ).map((title) => panel('System Health', title)),
];

export default scenario('nothing is wrong with the audio network', {
  hypothesis: 'With ordinary traffic and no fault, all 14 alerts stay silent and all 47 panels have data.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('15m').expect(
      metric('http_requests_total').share({ status: /5../ }).staysBelow('1%'),
      metric('queue_jobs_submitted_total').over('5m').rate().staysAbove('0.2/s'),
      metric('audio_processing_duration_seconds')
        .where({ stage: 'ffmpeg' })
        .over('5m')
        .quantile(0.95)
        .staysBelow('45s'),
      ...everyPanel.map((each) => each.hasData()),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
