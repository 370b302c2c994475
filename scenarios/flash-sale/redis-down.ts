import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { stopService } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const unreachable = alert('FlashSaleRedisUnreachable');
const purchases = metric('purchase_success_total').rate();
const commands = panel('Flash Sale', 'Redis command duration');

export default scenario('Redis is down', {
  hypothesis:
    'Without Redis the shop goes on selling on Postgres alone, the on-call is paged within 6 minutes, and nobody gets more than the limit.',
  system: flashSale(),
  load: buyers.at('40/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(purchases.staysAbove('5/s'), commands.hasData()),
    during('10m', stopService('redis')).expect(
      unreachable.fires({ severity: 'critical' }).within('5m'),
      unreachable.notifies().within('6m'),
      metric('redis_errors_total').rate().exceeds('5/s').within('3m'),
      metric('redis_pool_connections').where({ state: 'ready' }).value().fallsBelow(1).within('1m'),
      purchases.staysAbove('5/s'),
    ),
    recovery('10m').expect(
      unreachable.resolves().within('4m'),
      unreachable.notifiesResolved().within('7m'),
      commands.returns().within('6m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
