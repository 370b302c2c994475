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
import { slowQueries } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const slow = alert('AudioDatabaseSlow');
const p95 = metric('http_request_duration_seconds').where({ path: '/posts' }).over('3m').quantile(0.95);
const queries = panel('Database Health', 'Query duration p50/p95/p99 by table');
const perMinute = panel('Database Health', 'Slow queries per minute');

export default scenario('queries are slow', {
  hypothesis:
    'A session that locks the posts again and again makes requests slow, not wrong, and the on-call is told that it is the database within 7 minutes.',
  system: audio(),
  load: [listeners.at('6/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(p95.staysBelow('250ms'), slow.staysSilent(), queries.hasData(), perMinute.hasData()),
    during('10m', slowQueries({ table: 'posts', forEach: '1200ms', every: '1500ms' })).expect(
      metric('db_slow_queries_total').rate().exceeds('0.5/s').within('3m'),
      slow.fires({ severity: 'warning', job: 'audio-api' }).within('7m'),
      slow.notifies().within('8m'),
      p95.exceeds('250ms').within('7m'),
      queries.rises().within('3m'),
      perMinute.rises().within('3m'),
      panel('Database Health', 'Connection pool usage').rises().within('4m'),
      panel('Database Health', 'Active connections').rises().within('4m'),
      panel('API Health', 'P50/P95/P99 latency').rises().within('4m'),
      panel('API Health', 'Top slow endpoints').rises().within('4m'),
      panel('System Health', 'Active resources (goroutine count)').rises().within('4m'),
      metric('http_requests_total').share({ status: /5../ }).staysBelow('5%'),
    ),
    recovery('12m').expect(
      slow.resolves().within('5m'),
      slow.notifiesResolved().within('11m'),
      perMinute.returns().within('6m'),
      p95.fallsBelow('250ms').within('9m'),
    ),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
