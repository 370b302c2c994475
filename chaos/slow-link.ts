/** A slow network: every chunk takes longer, in each direction, without a loss of throughput. */
import type { Fault } from '../harness/fault.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { aName, someTime } from './arguments.ts';
import { linkFault } from './link-fault.ts';

export interface SlowLinkOptions {
  /** Real time each direction takes; a round trip takes twice as long. */
  readonly latency: Duration;
  /** Up to this much more, evenly spread; default none. */
  readonly jitter?: Duration;
}

/** Slows the link of all clients to a service. Latencies are real, whatever the speed. Throws BAD_UNIT, BAD_OPTION. */
export function slowLink(service: string, { latency, jitter = '0s' }: SlowLinkOptions): Fault {
  aName(service, 'slowLink: the service');
  const latencyMs = someTime(latency, 'slowLink: latency');
  const jitterMs = milliseconds(jitter, 'slowLink: jitter');
  return linkFault({
    name: 'slowLink',
    description: `The link to ${service} takes ${latency} each way${jitterMs > 0 ? `, up to ${jitter} more` : ''}.`,
    to: service,
    change: (relay) => relay.slow(latencyMs, jitterMs),
    judge({ chunks, heldMs }) {
      const average = chunks === 0 ? 0 : heldMs / chunks;
      return {
        // Timers may fire a little early; and what was under way when it began counts with its whole time.
        held: average >= latencyMs * 0.9,
        seen: `${chunks} chunks passed, held for ${average.toFixed(0)} ms on average`,
      };
    },
  });
}
