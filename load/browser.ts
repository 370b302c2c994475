/**
 * Shoppers in a real browser, as load: what people see of a fault, beside what a protocol driver measures of it.
 *
 * The browser runs in a process of its own (browser-process.ts), which the kernel ends when the harness dies. Everything
 * it and Chromium write lies in a folder of its own under the temporary directory, which is removed with it, or swept by
 * the next start where the harness was killed outright.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FiredrillError } from '../harness/errors.ts';
import type { Load, LoadTarget, LoadTick, LoadTotals, RunningLoad, Visit } from '../harness/load.ts';
import { descendantsOf } from '../harness/stack/descendants.ts';
import { createStackFolder, removeStackFolder } from '../harness/stack/folder.ts';
import { underOurWatch } from '../harness/stack/process-service.ts';
import { programVersions } from '../harness/stack/program-versions.ts';
import { locatePrograms } from '../harness/stack/programs.ts';
import { type Duration, milliseconds, type Rate } from '../harness/units.ts';
import type { BrowserAssignment, BrowserReport } from './browser-process.ts';
import { CHROMIUM } from './chromium.ts';
import type { JourneyReference } from './journey.ts';
import { constantRate } from './schedule.ts';
import { wholeNumber } from './traffic.ts';

export interface BrowsingOptions {
  /** Visits at once at the most, default 4; a visit that is due beyond it is dropped and reported. */
  readonly capacity?: number;
  /** How long a shopper looks at a page on which nothing happens before leaving; real time, default 10s. */
  readonly patience?: Duration;
}

export interface Browsing {
  /** An open model at a constant arrival rate, visits a real second. Throws BAD_UNIT, BAD_OPTION. */
  at(rate: Rate, options?: BrowsingOptions): Load;
}

const PROCESS = fileURLToPath(new URL('./browser-process.ts', import.meta.url));
/** What Chromium needs to go once its process has been told to, or has been killed. */
const GONE_WITHIN_MS = 5_000;

export const browsing = (name: string, shopping: JourneyReference): Browsing => ({
  at: (rate, { capacity = 4, patience = '10s' } = {}) => {
    const plan = {
      rate: constantRate(rate),
      capacity: wholeNumber(capacity, 'capacity'),
      patienceMs: milliseconds(patience, 'the patience of a shopper'),
      shopping,
    };
    return {
      driver: 'browser',
      description: `${name} at ${rate} in a browser`,
      model: 'open',
      mayDrop: true,
      prepare: (say) => programVersions([{ name: CHROMIUM.command, program: CHROMIUM }], say),
      shoppers: true,
      start: (target, onTick, onVisit) => startBrowser(plan, target, onTick, onVisit),
    };
  },
});

/** Throws PROGRAM_MISSING, or LOAD_FAILED where Chromium does not start; stop() rejects where it broke down. */
async function startBrowser(
  plan: Omit<BrowserAssignment, 'executable' | 'target'>,
  target: LoadTarget,
  onTick: (tick: LoadTick) => void,
  onVisit: (visit: Visit) => void = () => {},
): Promise<RunningLoad> {
  const located = await locatePrograms([CHROMIUM], () => {});
  const folder = await createStackFolder();
  const child = spawnIn(folder, target.keepIn);
  const started = Promise.withResolvers<void>();
  const totals = Promise.withResolvers<LoadTotals>();
  totals.promise.catch(() => {});
  const brokeDown = Promise.withResolvers<Error>();
  let ending = false;
  const fail = (why: string): void => {
    const error = new FiredrillError(
      'LOAD_FAILED',
      `the shoppers' browser broke down: ${why}. Its log is logs/shoppers.log in the run folder.`,
    );
    started.reject(error);
    totals.reject(error);
    if (!ending) brokeDown.resolve(error);
  };
  child.once('error', (error) => fail(error.message));
  child.once('exit', (code, signal) => fail(`its process ended (${code === null ? signal : `exit code ${code}`})`));
  child.on('message', (report: BrowserReport) => {
    if (report.type === 'started') started.resolve();
    else if (report.type === 'tick') onTick(report.tick);
    else if (report.type === 'visit') onVisit(report.visit);
    else if (report.type === 'totals') totals.resolve(report.totals);
    else fail(report.why);
  });
  child.send({ ...plan, executable: located(CHROMIUM), target } satisfies BrowserAssignment);

  const remove = async (): Promise<void> => {
    ending = true;
    await end(child);
    await removeStackFolder(folder);
  };
  try {
    await started.promise;
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    brokeDown: brokeDown.promise,
    async stop() {
      try {
        if (child.connected) child.send('stop');
        return await totals.promise;
      } finally {
        await remove();
      }
    },
    abandon: remove,
  };
}

function spawnIn(folder: string, keepIn: string | undefined): ChildProcess {
  const [command, ...args] = underOurWatch([process.execPath, PROCESS]);
  const logs = keepIn === undefined ? folder : join(keepIn, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, 'shoppers.log'), 'a');
  const child = spawn(command as string, args, {
    cwd: folder,
    // Profiles, crash dumps and settings: all of it in the folder.
    env: { ...process.env, TMPDIR: folder, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    stdio: ['ignore', log, log, 'ipc'],
    // A group of its own: Ctrl-C in the terminal must reach us, not the shoppers.
    detached: true,
  });
  closeSync(log);
  return child;
}

/** Resolves when the process and everything below it is gone; what does not go by itself is killed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const all = [child.pid, ...(await descendantsOf(child.pid))];
  for (const pid of all) kill(pid, 'SIGKILL');
  const deadline = performance.now() + GONE_WITHIN_MS;
  while (all.some((pid) => kill(pid, 0)) && performance.now() < deadline) await sleep(20);
}

/** Whether it is still there. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
