/** What stopping and killing have in common: the process is gone, its port is shut, and heal brings both back. */
import type { Fault } from '../harness/fault.ts';
import type { RunningService } from '../harness/stack/service.ts';
import { unlessAborted, until } from './patience.ts';
import { isGone } from './process-facts.ts';
import { knock } from './reachable.ts';
import { runningPid } from './running.ts';

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
      const pid = runningPid(service);
      await bringDown(service);
      return {
        async proof() {
          const [gone, door] = await Promise.all([isGone(pid), knock(service.endpoint)]);
          return {
            held: gone && door === 'ECONNREFUSED',
            seen: `process ${pid} ${gone ? 'is gone' : 'lives'}, connecting gives ${door}`,
            source: 'process table and TCP',
          };
        },
        async heal() {
          if (service.pid === undefined) await service.start();
          await until(`${target} accepts connections again`, async () => (await knock(service.endpoint)) === 'open', {
            withinMs: REACHABLE_WITHIN_MS,
          });
        },
      };
    },
  };
}
