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
import { renameTable } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const errors = alert('FlashSaleHighErrorRate');
const failed = metric('http_requests_total').share({ status_code: /5../ });
const bought = panel('Flash Sale', 'Purchase rate (attempts, success)');

export default scenario('a migration breaks purchases', {
  hypothesis:
    'A table renamed under the running shop makes requests fail at once; the on-call is paged within 7 minutes and the health check, rightly, stays green.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(failed.staysBelow('1%'), bought.hasData()),
    during('10m', renameTable('purchases')).expect(
      failed.exceeds('5%').within('2m'),
      errors.fires({ severity: 'critical' }).within('6m'),
      errors.notifies().within('7m'),
      panel('Flash Sale', 'Error rate breakdown').rises().within('3m'),
      bought.falls().within('4m'),
      metric('db_errors_total').rate().exceeds('1/s').within('3m'),
      log('flash-sale', { level: 'error', error_code: 'INTERNAL' }).appears().within('1m'),
    ),
    recovery('10m').expect(
      errors.resolves().within('5m'),
      errors.notifiesResolved().within('8m'),
      failed.fallsBelow('1%').within('5m'),
      bought.returns().within('6m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
