/**
 * The open-model driver that is k6: its own program, clock and HTTP client, with the same journeys, visitors and counts as
 * `arrivals`. What differs is what latency means: here it is what k6 measured of a request, waiting for its connection
 * included, from the moment it was sent; arrivals counts a visitor's first request from the moment the visitor was due.
 *
 * Counting is exact. The script tells every step of an iteration in a line (script.ts), which is written before the next
 * request goes out; nothing is sampled or estimated from k6's own metrics, except dropped iterations, which only k6
 * knows of: they come from its metric, row by row.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { underOurWatch } from '../harness/stack/process-service.ts';
import type { Driver, DriverTarget } from './driver.ts';
import type { JourneyReference } from './journey.ts';
import { explainExit } from './k6/exit.ts';
import { Gate } from './k6/gate.ts';
import { droppedAt, parseStep } from './k6/lines.ts';
import { CONTROL_VUS, type K6Load, optionsFor } from './k6/options.ts';
import { type Orders, type Step, SUMMARY_MARK } from './k6/orders.ts';
import { commandOf, type K6Program } from './k6/program.ts';
import { reportOf } from './k6/summary.ts';
import { type Schedule, schedule } from './schedule.ts';
import type { Tally } from './tally.ts';

export interface K6Plan extends K6Load {
  readonly driver: 'k6';
  readonly program: K6Program;
}

const SCRIPT = fileURLToPath(new URL('./k6/script.ts', import.meta.url));
/** As long as arrivals waits: a request's limit, and time to be told of it. */
const DRAIN_WITHIN_MS = 35_000;
const END_WITHIN_MS = 10_000;
const LAST_LINES = 12;

/** Resolves when k6 has begun its first iterations. Rejects with k6's last words where it does not come to that. */
export async function k6(plan: K6Plan, journey: JourneyReference, target: DriverTarget, tally: Tally): Promise<Driver> {
  const planned = plan.capacity + CONTROL_VUS;
  const gate = new Gate(planned);
  const path = fileURLToPath(journey.module);
  const orders: Orders = {
    options: optionsFor(plan, target.speed),
    journey: { path, name: journey.name },
    seed: target.seed,
    url: target.url,
    gate: await gate.open(),
    planned,
  };
  const iterations = new Iterations(schedule(plan.rate, target.speed), plan.rate.stages.length === 0 ? 1 : 0, tally);
  /** The last lines that are not ours, for the case that it ends by itself. */
  const words: string[] = [];
  let summary: string | undefined;
  /** When it was told to stop, real ms; what k6 drops while it drains is nobody's loss. */
  let stoppedAt = Number.POSITIVE_INFINITY;

  const name = `firedrill-k6-${process.pid}-${Date.now().toString(36)}`;
  const env = { K6_CSV_SAVE_INTERVAL: '200ms', K6_CSV_TIME_FORMAT: 'unix_milli', K6_NO_COLOR: 'true' };
  const args = ['run', '--quiet', '--no-usage-report', '--address', '', '--log-format', 'raw', '--out', 'csv=-'];
  const command = [...args, '--env', `FIREDRILL=${JSON.stringify(orders)}`, SCRIPT];
  const [file, ...rest] = underOurWatch(commandOf(plan.program, command, env, { name, journey: path }));
  // Nothing of K6_* in a person's environment may change what a load is.
  const child = spawn(file as string, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DOCKER_HOST: process.env.DOCKER_HOST, ...env },
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(explainExit(String(error), words)));
    child.once('close', (code, signal) => resolve(explainExit(code ?? String(signal), words)));
  });

  createInterface({ input: child.stderr }).on('line', (line) => {
    const step = parseStep(line);
    if (step === undefined) words.splice(0, Math.max(0, words.push(line) - LAST_LINES));
    else if ('defect' in step) target.failed(Object.assign(new Error(step.defect), { stack: step.stack }));
    else iterations.take(step);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith(SUMMARY_MARK)) summary = line.slice(SUMMARY_MARK.length);
    else if ((droppedAt(line) ?? Number.POSITIVE_INFINITY) < stoppedAt) iterations.dropped();
  });
  let vusInUse = 0;
  const looking = setInterval(() => {
    vusInUse = Math.max(vusInUse, gate.inUse);
    tally.inUse(gate.inUse);
  }, 50);

  await Promise.race([
    gate.reached,
    ended.then((why) => {
      throw new Error(why);
    }),
  ]);
  void ended.then((why) => {
    if (stoppedAt === Number.POSITIVE_INFINITY) target.failed(new Error(why));
  });

  return {
    async stop() {
      stoppedAt = Date.now();
      gate.close();
      await within(DRAIN_WITHIN_MS, Promise.race([gate.drained, ended]));
      gate.end();
      await within(END_WITHIN_MS, ended);
      if (child.exitCode === null) await kill(plan.program, name, child);
      await ended;
      clearInterval(looking);
      tally.inUse(0);
      await gate[Symbol.asyncDispose]();
      iterations.abandon();
      tally.reported(reportOf(`k6 ${plan.program.version}`, { thresholds: plan.thresholds, vusInUse }, summary));
    },
  };
}

/** Iterations under way, and how many requests each has out. */
class Iterations {
  readonly #under = new Map<number, number>();
  readonly #schedule: Schedule;
  readonly #first: number;
  readonly #tally: Tally;
  #dropped = 0;

  /** `first`: at a constant rate k6's first iteration is due at once, where ours comes a period later. */
  constructor(due: Schedule, first: number, tally: Tally) {
    this.#schedule = due;
    this.#first = first;
    this.#tally = tally;
  }

  take([number, at, out, answers, outcome, receipts]: Step): void {
    if (!this.#under.has(number)) {
      // k6 numbers what it begins. A drop is told a moment late, so where there are any, the lag is an upper bound.
      this.#tally.started(at - this.#schedule.dueAt(number + this.#dropped - this.#first));
    }
    for (const [handler, method, status, latency] of answers) {
      if (status === 0) this.#tally.unanswered();
      else this.#tally.answered({ handler, method }, status, latency);
    }
    for (const receipt of receipts) this.#tally.acknowledged(receipt);
    if (outcome === null) this.#under.set(number, out);
    else {
      this.#under.delete(number);
      this.#tally.ended(outcome);
    }
  }

  dropped(): void {
    this.#dropped += 1;
    this.#tally.dropped();
  }

  /** Whatever is still out stays unanswered. */
  abandon(): void {
    for (const out of this.#under.values()) {
      for (let request = 0; request < out; request++) this.#tally.unanswered();
      this.#tally.ended('UNANSWERED');
    }
    this.#under.clear();
  }
}

/** A container is not a child of ours. */
async function kill(program: K6Program, name: string, child: { kill(signal: 'SIGKILL'): boolean }): Promise<void> {
  if (program.kind === 'image') await execa(program.engine, ['kill', name], { reject: false, stdin: 'ignore' });
  child.kill('SIGKILL');
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, patience]);
  clearTimeout(timer);
}
