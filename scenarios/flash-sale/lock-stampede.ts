import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers, stampede } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const contention = alert('FlashSaleHighLockContention');
const contended = metric('redis_lock_contended_total').rate();
const locks = panel('Flash Sale', 'Lock contention');

export default scenario('a few users check out all at once', {
  hypothesis:
    'Bots that race themselves meet their own locks: contention shows, the team is told within 9 minutes, and no bot gets more than 10.',
  system: flashSale(),
  load: buyers.at('20/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(contended.staysBelow('5/s'), locks.hasData()),
    during('12m')
      .under(stampede.at('20/s'))
      .expect(
        contention.fires({ severity: 'warning' }).within('8m'),
        contention.notifies().within('9m'),
        contended.exceeds('20/s').within('4m'),
        locks.rises().within('4m'),
      ),
    recovery('12m').expect(
      contention.resolves().within('5m'),
      contention.notifiesResolved().within('8m'),
      contended.fallsBelow('5/s').within('4m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
