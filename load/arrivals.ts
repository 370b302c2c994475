/**
 * The open-model driver: iterations start at an arrival rate, whether or not earlier ones have come back, as real
 * visitors do. A system that slows down is therefore not spared, and its latency is not flattered: the first request of
 * a journey is timed from the moment the iteration was due (no coordinated omission), later ones from the moment the
 * visitor sent them. What could not start because too many iterations were in flight is dropped and reported.
 *
 * Counting is exact. A request is sent once, never again: it ends as one answer, or unanswered under its error code.
 * The race over idle connections (the server closes one just as a request goes out on it) is kept away by closing idle
 * connections after a second, long before a server would (Node: 5 s).
 */
import { Pool } from 'undici';
import type { Driver, DriverTarget } from './driver.ts';
import { exchange } from './exchange.ts';
import { type Answer, type Ask, type JourneyFunction, Visitor } from './journey.ts';
import { pace } from './pacer.ts';
import { random } from './random.ts';
import { type RatePlan, schedule } from './schedule.ts';
import type { Tally } from './tally.ts';

export interface ArrivalsPlan {
  readonly driver: 'arrivals';
  readonly rate: RatePlan;
  /** Iterations in flight at the most. */
  readonly capacity: number;
}

/** An answer that takes longer counts as unanswered. Never shorter: what the system answers late is still an answer. */
const ANSWER_WITHIN_MS = 30_000;
/** How long stop() waits for the answers still out: a request's limit, and time to be told of it. */
const DRAIN_WITHIN_MS = 35_000;
const IDLE_CONNECTION_MS = 1_000;

export function arrivals(plan: ArrivalsPlan, journey: JourneyFunction, target: DriverTarget, tally: Tally): Driver {
  const pool = new Pool(target.url, {
    // As many connections as requests in flight: a request never waits for another inside the client.
    connections: null,
    pipelining: 1,
    headersTimeout: ANSWER_WITHIN_MS,
    bodyTimeout: ANSWER_WITHIN_MS,
    connect: { timeout: ANSWER_WITHIN_MS },
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
  });
  const inFlight = new Set<Promise<void>>();

  const pacer = pace(schedule(plan.rate, target.speed), (number, due) => {
    if (inFlight.size >= plan.capacity) {
      tally.dropped();
      return;
    }
    tally.started(performance.now() - due);
    const visitor = new Visitor(number, random(target.seed, number), (receipt) => tally.acknowledged(receipt));
    const iteration = travel(pool, journey(visitor), due, tally)
      .then((outcome) => tally.ended(outcome))
      .catch(target.failed)
      .finally(() => inFlight.delete(iteration));
    inFlight.add(iteration);
  });

  return {
    async stop() {
      pacer.stop();
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, DRAIN_WITHIN_MS);
      });
      await Promise.race([Promise.all(inFlight), patience]);
      clearTimeout(timer);
      // Whatever is left fails now, and is counted as unanswered.
      await pool.destroy();
      await Promise.all(inFlight);
    },
  };
}

/** Runs one journey to its outcome. `due` on performance.now()'s scale. */
async function travel(pool: Pool, journey: ReturnType<JourneyFunction>, due: number, tally: Tally): Promise<string> {
  let step = journey.next();
  let from = due;
  while (!step.done) {
    const replies = await Promise.all(step.value.map((ask) => send(pool, ask, from, tally)));
    const answers: Answer[] = [];
    for (const reply of replies) {
      if (typeof reply === 'string') {
        journey.return(reply);
        return reply;
      }
      answers.push(reply);
    }
    from = performance.now();
    step = journey.next(answers);
  }
  return step.value;
}

/** The answer, or the error's code where there was none; counted either way. */
async function send(pool: Pool, ask: Ask, from: number, tally: Tally): Promise<Answer | string> {
  const reply = await exchange(pool, ask);
  if (typeof reply === 'string') tally.unanswered();
  else tally.answered(ask, reply.status, performance.now() - from);
  return reply;
}
