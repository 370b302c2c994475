/** What stopping and killing have in common: the process is gone, its port is shut, and heal brings both back. */
import type { Fault } from '../harness/fault.ts';
import type { RunningService } from '../harness/stack/service.ts';
import { unlessAborted, until } from './patience.ts';
import { knock } from './reachable.ts';
import { running } from './running.ts';

const REACHABLE_WITHIN_MS = 5_000;

export function downFault(
  name: string,
  description: string,
  target: string,
  bringDown: (service: RunningService) => Promise<void>,
): Fault {
  return {
    name,
    description,
    targets: [target],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(target);
      running(service);
      await bringDown(service);
      return {
        async proof() {
          const [sight, door] = await Promise.all([service.look(), knock(service.endpoint)]);
          return {
            held: sight.state === 'gone' && door === 'ECONNREFUSED',
            seen: `${sight.seen}, connecting gives ${door}`,
            source: `${sight.source} and TCP`,
          };
        },
        async heal() {
          if (service.instance === undefined) await service.start();
          await until(`${target} accepts connections again`, async () => (await knock(service.endpoint)) === 'open', {
            withinMs: REACHABLE_WITHIN_MS,
          });
        },
      };
    },
  };
}
