import { booksBalance, countsAgree, metric, neverOversells, nothingLost, panel } from '../../assertions/index.ts';
import { baseline, during, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const onSale = metric('sale_items_total').value();

export default scenario('one sale ends and the next begins', {
  hypothesis:
    'When a sale ends nothing is on sale for a while, then the next one starts from zero; buyers are told, and it is no alert.',
  system: flashSale({ stock: 10_000, saleDuration: '22m', salePause: '4m' }),
  load: buyers.at('20/s'),
  phases: [
    warmUp('2m'),
    baseline('4m').expect(onSale.staysAbove(9_999), panel('Flash Sale', 'Sale progress').hasData()),
    during('30m').expect(
      onSale.fallsBelow(1).within('28m'),
      panel('Flash Sale', 'Sale progress').falls().within('28m'),
      metric('http_requests_total')
        .where({ handler: 'checkout' })
        .share({ status_code: '409' })
        .exceeds('50%')
        .within('30m'),
    ),
    during('10m').expect(
      onSale.exceeds(9_999).within('8m'),
      metric('purchase_success_total').rate().exceeds('5/s').within('9m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
