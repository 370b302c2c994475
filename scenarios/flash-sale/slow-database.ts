import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { slowLink } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const slow = alert('FlashSaleHighLatency');
const p95 = metric('http_request_duration_seconds').where({ handler: 'checkout' }).quantile(0.95);
const queries = panel('Flash Sale', 'Query duration by table');

export default scenario('the link to the database stalls', {
  hypothesis:
    'Every packet to and from Postgres comes 1.2 s late: shoppers wait, the team is told within 10 minutes, and no order is wrong.',
  // A pool large enough not to run dry: here the database is slow, not out of connections.
  system: flashSale({ dbPool: 50 }),
  load: buyers.at('6/s'),
  phases: [
    warmUp('2m'),
    baseline('6m').expect(p95.staysBelow('1s'), queries.hasData()),
    during('12m', slowLink('postgres', { latency: '1200ms' })).expect(
      p95.exceeds('2s').within('6m'),
      slow.fires({ severity: 'warning' }).within('9m'),
      slow.notifies().within('10m'),
      queries.rises().within('6m'),
      panel('Flash Sale', 'P95/P50 response time').rises().within('6m'),
      panel('Flash Sale', 'Lock hold time').rises().within('6m'),
    ),
    recovery('12m').expect(
      slow.resolves().within('6m'),
      slow.notifiesResolved().within('9m'),
      p95.fallsBelow('1s').within('6m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
