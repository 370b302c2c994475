import {
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
  sellsExactly,
} from '../../assertions/index.ts';
import { baseline, during, scenario, warmUp } from '../../harness/index.ts';
import { buyers, rush } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const sold = metric('sale_items_sold').value();

export default scenario('the sale sells out', {
  hypothesis:
    'At full speed all 10,000 units are sold, exactly; the dashboard shows the rush, and success is no alert.',
  system: flashSale({ stock: 10_000 }),
  load: buyers.at('20/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(sold.staysBelow(5_000), panel('Flash Sale', 'Sale progress').hasData()),
    during('45m')
      .under(rush.saturating({ connections: 8 }))
      .expect(
        sold.exceeds(9_999).within('45m'),
        panel('Flash Sale', 'Sale progress').rises().within('10m'),
        panel('Flash Sale', 'Items sold rate').rises().within('5m'),
        panel('Flash Sale', 'Checkout rate (attempts, success)').rises().within('5m'),
        panel('Flash Sale', 'Purchase rate (attempts, success)').rises().within('5m'),
        panel('Flash Sale', 'Request rate by handler').rises().within('5m'),
      ),
  ],
  invariants: [sellsExactly(10_000), neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
