import {
  jobsAgree,
  metric,
  noUploadLost,
  processedOnce,
  requestsAgree,
  uploadsStored,
} from '../../assertions/index.ts';
import { baseline, scenario, warmUp } from '../../harness/index.ts';
import { listeners, uploads } from '../../load/index.ts';
import { audio } from '../../sut/index.ts';

export default scenario('nothing is wrong with the audio network', {
  hypothesis: 'With ordinary traffic and no fault, all 14 alerts stay silent and all 47 panels have data.',
  system: audio(),
  load: [listeners.at('5/s'), uploads.at('1/s')],
  phases: [
    warmUp('6m'),
    baseline('12m').expect(metric('http_requests_total').share({ status: /5../ }).staysBelow('1%')),
  ],
  invariants: [noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()],
});
