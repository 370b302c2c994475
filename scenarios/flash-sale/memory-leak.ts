import {
  alert,
  booksBalance,
  countsAgree,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../../assertions/index.ts';
import { leakMemory } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { buyers } from '../../load/index.ts';
import { flashSale } from '../../sut/index.ts';

const memory = alert('FlashSaleHighMemory');
const resident = metric('process_resident_memory_bytes').value();
const chart = panel('Flash Sale', 'Memory');

export default scenario('the app leaks memory', {
  hypothesis:
    'Memory that is never freed is noticed at 80% of the limit, minutes before the process would be killed for it.',
  system: flashSale({ memory: '512MiB' }),
  load: buyers.at('20/s'),
  phases: [
    warmUp('2m'),
    baseline('5m').expect(resident.staysBelow('300MiB'), chart.hasData()),
    during('14m', leakMemory('flash-sale', { bytes: '380MiB', over: '4s' })).expect(
      resident.exceeds('410MiB').within('8m'),
      memory.fires({ severity: 'warning' }).within('12m'),
      memory.notifies().within('13m'),
      chart.rises().within('6m'),
    ),
    recovery('10m').expect(
      memory.resolves().within('3m'),
      memory.notifiesResolved().within('6m'),
      resident.fallsBelow('350MiB').within('2m'),
    ),
  ],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
