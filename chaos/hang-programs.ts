/** A program that hangs: each one of its name that a service starts is stopped (SIGSTOP) as soon as it is seen. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { ProgramWatch } from './program-watch.ts';

/** Stops what runs and says once of each, as 'pid:start', that it saw it stopped. */
const HANG = `
turns=$1 told=' '
found() {
  case $2 in
    T) case $told in *" $1:\${21} "*) ;; *) told="$told$1:\${21} "; echo "$1:\${21}" ;; esac ;;
    Z | X) ;;
    *) kill -STOP $1 2>/dev/null ;;
  esac
}
while [ $turns -gt 0 ]; do each $root; turns=$((turns - 1)); sleep 0.02; done
`;

const TURNS = 40;
const HALF_A_WATCH_MS = 500;
const CONTINUED_WITHIN_MS = 10_000;

/**
 * `program`: its name in the process table, 'ffmpeg'. One that ends within some 20 ms of its start may get away. The app
 * can still kill what hangs: SIGKILL ends a stopped process. Linux only. Throws BAD_OPTION.
 */
export function hangPrograms(name: string, program: string): Fault {
  aName(name, 'hangPrograms: the service');
  aName(program, 'hangPrograms: the program');
  return {
    name: 'hangPrograms',
    description: `Every ${program} that ${name} runs or starts hangs: it is stopped where it stands (SIGSTOP).`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const watch = await ProgramWatch.open(stack.service(name), program);
      const stopped = new Set<string>();
      // Two by turns, so that one looks while the other begins anew.
      for (const after of [0, HALF_A_WATCH_MS]) {
        watch.repeat(HANG, [String(TURNS)], (process) => stopped.add(process), after);
      }
      return {
        proof: async () => ({
          held: stopped.size > 0,
          seen: `${stopped.size} processes of ${program} seen in state T`,
          source: 'process table',
        }),
        async heal() {
          await watch.close();
          await until(`no ${program} is stopped`, async () => (await watch.continueAll(stopped)) === 0, {
            withinMs: CONTINUED_WITHIN_MS,
          });
        },
      };
    },
  };
}
