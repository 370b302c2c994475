/** A service freezes: its process stands still (SIGSTOP), its connections stay open, and nobody answers. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { isGone, stateOf } from './process-facts.ts';
import { runningPid } from './running.ts';

const RESUMED_WITHIN_MS = 5_000;

/** Throws BAD_OPTION. */
export function pauseService(name: string): Fault {
  aName(name, 'pauseService: the service');
  return {
    name: 'pauseService',
    description: `${name} stands still (SIGSTOP) with its connections open.`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      const pid = runningPid(service);
      await service.pause();
      return {
        async proof() {
          const state = await stateOf(pid);
          return {
            held: state === 'T',
            seen: `process ${pid} is in state ${state ?? 'gone'}`,
            source: 'process table',
          };
        },
        async heal() {
          if (await isGone(pid)) {
            await service.start();
            return;
          }
          await service.resume();
          await until(`${name} runs again`, async () => (await stateOf(pid)) !== 'T', { withinMs: RESUMED_WITHIN_MS });
        },
      };
    },
  };
}
