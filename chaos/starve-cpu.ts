/**
 * A program starved of processor time: each one of its name that a service starts may run for a moment, and is stopped for
 * the rest of it (SIGCONT, SIGSTOP), again and again, as under a quota that is used up.
 */
import { FiredrillError } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Share } from '../harness/units.ts';
import { aName, aShare } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { ProgramWatch } from './program-watch.ts';

export interface StarveCpuOptions {
  /** Its name in the process table, 'ffmpeg'. */
  readonly program: string;
  /** The part of the time in which it may run: 1% to 50%. */
  readonly share: Share;
}

/**
 * $1 periods, in each of which they run for $2 seconds and stand still for $3 times $4 seconds. One that appears in between
 * is stopped at once. Says of each, once a period: 'pid:start', the ticks it used, the machine's uptime in seconds.
 */
const STARVE = `
periods=$1 run=$2 looks=$3 rest=$4
found() {
  case $2 in Z | X) return ;; esac
  case $doing in
    run) kill -CONT $1 2>/dev/null ;;
    rest) [ $2 = T ] || kill -STOP $1 2>/dev/null ;;
    tell) echo "$1:\${21} $((\${13} + \${14})) $up" ;;
  esac
}
while [ $periods -gt 0 ]; do
  doing=run; each $root; sleep $run; doing=rest; each $root
  read -r up _ </proc/uptime; doing=tell; each $root
  look=$looks
  while [ $look -gt 0 ]; do sleep $rest; doing=rest; each $root; look=$((look - 1)); done
  periods=$((periods - 1))
done
`;

const PERIOD_S = 0.2;
const LOOK_S = 0.02;
const PERIODS = 5;
/** Linux counts processor time in hundredths of a second (USER_HZ). */
const TICK_S = 0.01;
/** So long must they have been watched, all together. */
const WATCHED_FOR_PROOF_S = 0.5;
/** A shell's turns are not that even: twice the share is still starved, but never what comes close to all. */
const mostOf = (share: number): number => Math.min(share * 2, (share + 1) / 2);
const CONTINUED_WITHIN_MS = 10_000;

/** Processes started by the service only, never the service itself. Linux only. Throws BAD_UNIT, BAD_OPTION. */
export function starveCpu(name: string, { program, share }: StarveCpuOptions): Fault {
  aName(name, 'starveCpu: the service');
  aName(program, 'starveCpu: program');
  const part = aShare(share, 'starveCpu: share');
  if (part < 0.01 || part > 0.5) {
    throw new FiredrillError('BAD_OPTION', `starveCpu: share is '${share}'; expected 1% to 50%.`);
  }
  const looks = Math.round((PERIOD_S * (1 - part)) / LOOK_S);
  const args = [PERIODS, PERIOD_S * part, looks, LOOK_S].map(String);
  return {
    name: 'starveCpu',
    description: `Every ${program} that ${name} runs or starts may run in ${share} of the time (SIGSTOP and SIGCONT by turns).`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const watch = await ProgramWatch.open(stack.service(name), program);
      const meals = new Meals();
      watch.repeat(STARVE, args, (line) => meals.note(line));
      return {
        async proof() {
          const { processes, usedS, watchedS } = meals;
          const had = watchedS === 0 ? 0 : usedS / watchedS;
          return {
            // One that used nothing was not hungry.
            held: watchedS >= WATCHED_FOR_PROOF_S && usedS > 0 && had <= mostOf(part),
            seen: `${processes} processes of ${program} had ${(had * 100).toFixed(0)}% of a processor over ${watchedS.toFixed(1)} s`,
            source: 'process table',
          };
        },
        async heal() {
          await watch.close();
          await until(`no ${program} is stopped`, async () => (await watch.continueAll(meals.known)) === 0, {
            withinMs: CONTINUED_WITHIN_MS,
          });
        },
      };
    },
  };
}

interface Meal {
  readonly ticks: number;
  readonly atS: number;
}

/** What each process used, from its first sight to its last. */
export class Meals {
  readonly #seen = new Map<string, { readonly first: Meal; readonly last: Meal }>();

  /** '4711:123456 12 3456.78' */
  note(line: string): void {
    const [process = '', ticks, up] = line.split(' ');
    const meal = { ticks: Number(ticks), atS: Number(up) };
    this.#seen.set(process, { first: this.#seen.get(process)?.first ?? meal, last: meal });
  }

  get known(): Iterable<string> {
    return this.#seen.keys();
  }

  get processes(): number {
    return this.#seen.size;
  }

  get usedS(): number {
    return this.#sum(({ ticks }) => ticks) * TICK_S;
  }

  get watchedS(): number {
    return this.#sum(({ atS }) => atS);
  }

  #sum(of: (meal: Meal) => number): number {
    return [...this.#seen.values()].reduce((sum, { first, last }) => sum + of(last) - of(first), 0);
  }
}
