import {
  alert,
  booksBalance,
  countsAgree,
  log,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { exhaustPool } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const p95 = metric('http_request_duration_seconds').where({ handler: 'checkout' }).quantile(0.95);
const exhausted = alert('FlashSaleDatabaseConnectionsExhausted');
const slow = alert('FlashSaleHighLatency');
const errors = alert('FlashSaleHighErrorRate');
const pool = panel('Flash Sale', 'Connection pool');

export default scenario('the connection pool runs dry', {
  hypothesis:
    'Checkouts slow down and then fail, the on-call is paged within 8 minutes, nobody buys what is not there, and it heals.',
  system: flashSale({ stock: 10_000, dbPool: 10 }),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(p95.staysBelow('1s'), exhausted.staysSilent(), pool.hasData()),
    during('12m', exhaustPool({ table: 'reservations' })).expect(
      p95.exceeds('2s').within('8m'),
      exhausted.fires({ severity: 'critical' }).within('7m'),
      exhausted.notifies().within('8m'),
      slow.fires({ severity: 'warning' }).within('9m'),
      errors.fires({ severity: 'critical' }).within('12m'),
      pool.legend('Active').rises().within('2m'),
      panel('Flash Sale', 'Saturation').rises().within('3m'),
      log('flash-sale', { level: 'error', error_code: 'DATABASE_UNAVAILABLE' }).appears().within('8m'),
    ),
    recovery('15m').expect(
      p95.returnsToBaseline().within('10m'),
      exhausted.resolves().within('5m'),
      exhausted.notifiesResolved().within('8m'),
      pool.legend('Active').returns().within('5m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
