import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  shopper,
} from '../../assertions/index.ts';
import { stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers, shoppers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const unhealthy = alert('FlashSaleHealthCheckFailing');
const errors = alert('FlashSaleHighErrorRate');

export default scenario('shoppers feel a lost database', {
  hypothesis:
    'Without Postgres a shopper is refused within minutes and is told so; the on-call knows within 6 minutes of the first who could not buy; afterwards people buy again.',
  system: flashSale(),
  // A visit takes about a second of a core: few enough shoppers to leave the shop its share of two.
  load: [buyers.at('20/s'), shoppers.at('30/m', { capacity: 2 })],
  phases: [
    warmUp('3m'),
    baseline('8m').expect(
      shopper.alwaysBuys(),
      shopper.neverWaitsOver('5s'),
      shopper.alwaysUsableWithin('5s'),
      shopper.seesNoPageErrors(),
      metric('http_requests_total').share({ status_code: /5../ }).staysBelow('1%'),
    ),
    during('14m', stopService('postgres')).expect(
      shopper.fails().within('8m'),
      shopper.reads(/having trouble/).within('8m'),
      shopper.seesNoPageErrors(),
      unhealthy.fires({ severity: 'critical' }).within('5m'),
      errors.fires({ severity: 'critical' }).within('8m'),
      shopper.fails().pages('FlashSaleHealthCheckFailing').within('6m'),
    ),
    recovery('16m').expect(
      shopper.buys().within('12m'),
      unhealthy.resolves().within('5m'),
      unhealthy.notifiesResolved().within('8m'),
      errors.resolves().within('8m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
