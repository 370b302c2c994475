/** A service freezes: it stands still (SIGSTOP, or the freezer of its container), its connections stay open, nobody answers. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { running } from './running.ts';

const RESUMED_WITHIN_MS = 5_000;

/** Throws BAD_OPTION. */
export function pauseService(name: string): Fault {
  aName(name, 'pauseService: the service');
  return {
    name: 'pauseService',
    description: `${name} stands still with its connections open.`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      running(service);
      await service.pause();
      return {
        async proof() {
          const { state, seen, source } = await service.look();
          return { held: state === 'paused', seen, source };
        },
        async heal() {
          if (service.instance === undefined) {
            await service.start();
            return;
          }
          await service.resume();
          await until(`${name} runs again`, async () => (await service.look()).state === 'running', {
            withinMs: RESUMED_WITHIN_MS,
          });
        },
      };
    },
  };
}
