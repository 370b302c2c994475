/**
 * The programs that a service starts, found among its descendants and acted on from outside, where the service runs. A shell
 * there walks the process table's own list of children, so that a look costs little and can be taken every few milliseconds;
 * it does so for about a second at a time, and is gone soon after us, whatever becomes of us.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { RunningService } from '../harness/stack/service.ts';
import { running } from './running.ts';

const AGAIN_MS = 100;
/** Linux keeps so many characters of a program's name. */
const NAME_LENGTH = 15;

/**
 * `each` calls `found` for every descendant of $root that runs $program, with its process id and what /proc/…/stat says
 * after the name: $2 is its state, ${13} and ${14} are the ticks it used, ${21} is when it was started. The names are
 * those of the whole script: sh knows no others.
 */
const EACH = `
root=$1 program=$2; shift 2
each() {
  for list in /proc/$1/task/*/children; do
    kids=; { read -r kids <"$list"; } 2>/dev/null
    for kid in $kids; do
      stat=; { read -r stat <"/proc/$kid/stat"; } 2>/dev/null
      [ -n "$stat" ] || continue
      name=\${stat#*(}
      [ "\${name%)*}" = "$program" ] && found $kid \${stat##*) }
      each $kid
    done
  done
}
`;

/** Continues what it is told by 'pid:start' and every descendant that is stopped; says how many are stopped still. */
const CONTINUE = `
stopped=0
found() { case $2 in T) kill -CONT $1 2>/dev/null; stopped=$((stopped + 1));; esac; }
each $root
for known in "$@"; do
  stat=; { read -r stat <"/proc/\${known%:*}/stat"; } 2>/dev/null
  [ -n "$stat" ] || continue
  set -- \${stat##*) }
  [ "$1" = T ] && [ "\${20}" = "\${known#*:}" ] && kill -CONT \${known%:*} 2>/dev/null && stopped=$((stopped + 1))
done
echo $stopped
`;

export class ProgramWatch {
  readonly #service: RunningService;
  readonly #program: string;
  readonly #stop = new AbortController();
  readonly #watches: Promise<void>[] = [];

  /** Throws FAULT_FAILED where the service does not run, or there is no list of children to walk. */
  static async open(service: RunningService, program: string): Promise<ProgramWatch> {
    const { pid } = running(service);
    try {
      await service.exec('sh', ['-c', `cat /proc/${pid}/task/${pid}/children`]);
    } catch (error) {
      throw new FiredrillError(
        'FAULT_FAILED',
        `the programs that ${service.name} starts cannot be found: it takes Linux, and a shell where it runs: ${messageOf(error)}`,
        { cause: error },
      );
    }
    return new ProgramWatch(service, program);
  }

  constructor(service: RunningService, program: string) {
    this.#service = service;
    this.#program = program.slice(0, NAME_LENGTH);
  }

  /**
   * Runs a script again and again until close(), with `each` at hand and its further arguments as $1 and so on. `tell` gets
   * each line that it prints. A service that is down is waited for.
   */
  repeat(script: string, args: readonly string[], tell: (line: string) => void, afterMs = 0): void {
    const { signal } = this.#stop;
    this.#watches.push(
      (async () => {
        await sleep(afterMs, undefined, { signal }).catch(() => {});
        while (!signal.aborted) {
          const lines = await this.#run(script, args).catch(() => undefined);
          for (const line of lines ?? []) tell(line);
          if (lines === undefined) await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
        }
      })(),
    );
  }

  /** Ends what was begun. Resolves when no script runs any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#watches);
  }

  /**
   * Continues the programs that are stopped, and these ('pid:start') even where the service that started them is gone.
   * Resolves with the number of those it had to continue; 0 where the service is down.
   */
  async continueAll(known: Iterable<string>): Promise<number> {
    const [stopped] = (await this.#run(CONTINUE, [...known])) ?? [];
    return Number(stopped ?? 0);
  }

  /** undefined where the service is down. Its process may be another than before. */
  async #run(script: string, args: readonly string[]): Promise<string[] | undefined> {
    const { instance } = this.#service;
    if (instance === undefined) return undefined;
    const words = ['-c', EACH + script, 'firedrill', String(instance.pid), this.#program, ...args];
    return (await this.#service.exec('sh', words)).split('\n').filter((line) => line !== '');
  }
}
