import { booksBalance, metric, neverOversells, nothingLost, panel } from '../../assertions/index.ts';
import { redeploy } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const limit = metric('db_connections_max').value();
const pool = panel('Flash Sale', 'Connection pool');

export default scenario('a deploy shrinks the connection pool', {
  hypothesis:
    'A deploy with a pool of 1 instead of 10 shows on the dashboard at once, before there is traffic enough to make it hurt; rolling it back shows too.',
  system: flashSale({ dbPool: 10 }),
  load: buyers.at('10/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(limit.staysAbove(9), pool.hasData()),
    during('15m', redeploy('flash-sale', { env: { DB_POOL_MAX: '1' } })).expect(
      limit.fallsBelow(2).within('3m'),
      pool.legend('Max').falls().within('4m'),
    ),
    recovery('10m').expect(limit.exceeds(9).within('3m'), pool.legend('Max').returns().within('5m')),
  ],
  // The redeployed process counts from zero again, so only the database's books can be compared.
  invariants: [neverOversells(), booksBalance(), nothingLost()],
});
