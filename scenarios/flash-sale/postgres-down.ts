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
import { stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const unhealthy = alert('FlashSaleHealthCheckFailing');
const errors = alert('FlashSaleHighErrorRate');
const failed = metric('http_requests_total').share({ status_code: /5../ });

export default scenario('Postgres is down', {
  hypothesis:
    'Without its database the shop refuses quickly and says so; the on-call is paged within 6 minutes; nothing sold is lost.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(failed.staysBelow('1%'), panel('Flash Sale', 'Error rate breakdown').hasData()),
    during('10m', stopService('postgres')).expect(
      unhealthy.fires({ severity: 'critical' }).within('5m'),
      unhealthy.notifies().within('6m'),
      errors.fires({ severity: 'critical' }).within('6m'),
      errors.notifies().within('7m'),
      failed.exceeds('50%').within('3m'),
      panel('Flash Sale', 'Error rate breakdown').rises().within('3m'),
      log('flash-sale', { level: 'error', error_code: 'DATABASE_UNAVAILABLE' }).appears().within('1m'),
    ),
    recovery('12m').expect(
      unhealthy.resolves().within('4m'),
      unhealthy.notifiesResolved().within('7m'),
      errors.resolves().within('5m'),
      errors.notifiesResolved().within('8m'),
      failed.fallsBelow('1%').within('5m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
