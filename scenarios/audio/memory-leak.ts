import {
  jobsAgree,
  metric,
  noUploadLost,
  panel,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { leakMemory } from '../../chaos/index.ts';
import { baseline, during, recovery, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

const resident = metric('process_resident_memory_bytes').where({ job: 'audio-api' }).value();
const memory = panel('System Health', 'Memory usage');
const pauses = panel('System Health', 'GC pause time');

export default scenario('the API leaks memory', {
  hypothesis:
    'A leak shows on the System Health dashboard, as memory and as pauses of the collector, while users feel nothing yet.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('1m'),
    baseline('5m').expect(memory.hasData(), pauses.hasData()),
    during('12m', leakMemory('audio-api', { bytes: '400MiB', over: '6s' })).expect(
      resident.exceeds('400MiB').within('11m'),
      memory.rises().within('6m'),
      pauses.rises().within('10m'),
      metric('http_requests_total').share({ status: /5../ }).staysBelow('1%'),
    ),
    recovery('10m').expect(resident.fallsBelow('350MiB').within('5m')),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
