/**
 * The closed-loop driver: autocannon keeps `connections` connections busy, each sending its next request as soon as the
 * last answer is in. For saturation ("as fast as it goes"); how fast visitors arrive is then the system's choice.
 *
 * autocannon sends and parses; the counting is ours, because its own is not exact: it ends with requests in flight, and
 * it knows neither handlers nor journeys. Its correction for coordinated omission assumes one request a millisecond
 * whatever the rate; it is off as long as no rate is set (`ignoreCoordinatedOmission` is refused without one), and the
 * latencies here are measured by us.
 */
import cannon from 'autocannon';
import { type Connection, Lane } from './autocannon-lane.ts';
import type { Driver, DriverTarget } from './driver.ts';
import { type JourneyFunction, Visitor } from './journey.ts';
import { random } from './random.ts';
import type { Tally } from './tally.ts';

export interface SaturationPlan {
  readonly driver: 'autocannon';
  readonly connections: number;
  /** A connection whose journey ends like this sends no other visitor. */
  readonly until?: string;
}

/** Longer than stop() waits, so that while it does, autocannon does not drop a connection and dial again. */
const ANSWER_WITHIN_S = 60;
const DRAIN_WITHIN_MS = 35_000;
/** autocannon wants to know how long it runs; stop() decides that. About the longest a timer takes (2^31 ms). */
const ENDLESS_S = 2_000_000;

export function saturation(plan: SaturationPlan, journey: JourneyFunction, target: DriverTarget, tally: Tally): Driver {
  let [visitors, draining] = [0, false];
  const begin = () => {
    const number = visitors++;
    tally.started(0);
    return journey(new Visitor(number, random(target.seed, number), (receipt) => tally.acknowledged(receipt)));
  };
  const isLast = (outcome: string): boolean => draining || outcome === plan.until;

  const lanes: Lane[] = [];
  const instance = cannon(
    {
      url: target.url,
      connections: plan.connections,
      duration: ENDLESS_S,
      timeout: ANSWER_WITHIN_S,
      skipAggregateResult: true,
      setupClient: (client) => {
        lanes.push(new Lane(client as Connection, { begin, isLast, failed: target.failed }, tally));
      },
    },
    (error) => {
      if (error) target.failed(error);
    },
  );

  return {
    async stop() {
      draining = true;
      for (const lane of lanes) lane.drain();
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, DRAIN_WITHIN_MS);
      });
      await Promise.race([Promise.all(lanes.map((lane) => lane.ended)), patience]);
      clearTimeout(timer);
      for (const lane of lanes) lane.abandon();
      instance.stop();
    },
  };
}
