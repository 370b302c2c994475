import { alert, booksBalance, metric, neverOversells, nothingLost, panel } from '../../assertions/index.ts';
import { killService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const unhealthy = alert('FlashSaleHealthCheckFailing');
const requests = panel('Flash Sale', 'Request rate by handler');

export default scenario('the app is killed', {
  hypothesis:
    'A process killed in the middle of purchases is missed within 6 minutes; when it is back, nothing acknowledged is lost and nothing is sold twice.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(metric('http_requests_total').rate().staysAbove('20/s'), requests.hasData()),
    during('8m', killService('flash-sale')).expect(
      unhealthy.fires({ severity: 'critical' }).within('5m'),
      unhealthy.notifies().within('6m'),
    ),
    recovery('12m').expect(
      unhealthy.resolves().within('4m'),
      unhealthy.notifiesResolved().within('7m'),
      metric('http_requests_total').rate().exceeds('20/s').within('5m'),
    ),
  ],
  // The counters of a killed process start again at zero, so there is no agreeing with them; the database must be right.
  invariants: [neverOversells(), booksBalance(), nothingLost()],
});
