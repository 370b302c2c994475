import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { blockEventLoop } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const lag = alert('FlashSaleEventLoopLag');
const p99 = metric('nodejs_eventloop_lag_p99_seconds').value();
const chart = panel('Flash Sale', 'Event loop lag');

export default scenario('the event loop is blocked', {
  hypothesis:
    'Synchronous work in the request path shows as event loop lag before anything else breaks, and the team is told within 7 minutes.',
  system: flashSale(),
  load: buyers.at('20/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(p99.staysBelow('100ms'), chart.hasData()),
    during('8m', blockEventLoop('flash-sale', { forEach: '130ms', every: '300ms' })).expect(
      p99.exceeds('100ms').within('3m'),
      lag.fires({ severity: 'warning' }).within('6m'),
      lag.notifies().within('7m'),
      chart.rises().within('4m'),
      panel('Flash Sale', 'CPU').rises().within('3m'),
    ),
    recovery('10m').expect(
      lag.resolves().within('4m'),
      lag.notifiesResolved().within('7m'),
      p99.fallsBelow('100ms').within('2m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
