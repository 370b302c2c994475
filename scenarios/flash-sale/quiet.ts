import { booksBalance, countsAgree, metric, neverOversells, nothingLost, panel } from '../../assertions/index.ts';
import { baseline, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const everyPanel = (
  [
    'P95/P50 response time',
    'Request rate by handler',
    'Error rate breakdown',
    'Saturation',
    'Sale progress',
    'Items sold rate',
    'Checkout rate (attempts, success)',
    'Purchase rate (attempts, success)',
    'Query duration by table',
    'Connection pool',
    'Redis command duration',
    'Lock contention',
    'Lock hold time',
    'Memory',
    'CPU',
    'Event loop lag',
  ] as const
).map((title) => panel('Flash Sale', title));

export default scenario('nothing is wrong', {
  hypothesis: 'With ordinary traffic and no fault, all 8 alerts stay silent and all 16 panels have data.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('15m').expect(
      metric('http_requests_total').share({ status_code: /5../ }).staysBelow('1%'),
      metric('http_requests_total').where({ handler: 'purchase' }).rate().staysAbove('5/s'),
      ...everyPanel.map((each) => each.hasData()),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
