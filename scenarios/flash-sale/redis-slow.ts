import { booksBalance, countsAgree, metric, neverOversells, nothingLost, panel } from '../../assertions/index.ts';
import { slowLink } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const p50 = metric('http_request_duration_seconds').where({ handler: 'checkout' }).quantile(0.5);
const commands = panel('Flash Sale', 'Redis command duration');

export default scenario('Redis answers late', {
  hypothesis:
    'A slow cache costs latency and nothing else: purchases go on, no alert fires, and the dashboard shows where the time goes.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(p50.staysBelow('200ms'), commands.hasData()),
    during('6m', slowLink('redis', { latency: '80ms' })).expect(
      p50.exceeds('200ms').within('4m'),
      commands.rises().within('3m'),
      panel('Flash Sale', 'Lock hold time').rises().within('4m'),
      metric('purchase_success_total').rate().staysAbove('2/s'),
    ),
    recovery('8m').expect(p50.fallsBelow('200ms').within('4m'), commands.returns().within('5m')),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
