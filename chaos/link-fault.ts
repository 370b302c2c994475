/** What the faults on a link have in common: they change the weather of its relay, and heal clears it. */
import type { Fault, Proof } from '../harness/fault.ts';
import { unlessAborted, until } from './patience.ts';
import { knock } from './reachable.ts';
import { type RelayCounters, relayTowards, type TcpRelay } from './tcp-relay.ts';

const CLEAR_WITHIN_MS = 5_000;

export interface LinkFault {
  readonly name: string;
  readonly description: string;
  /** The service at the far end. */
  readonly to: string;
  change(relay: TcpRelay): void;
  /** `since`: what the relay counted since the change. */
  judge(since: RelayCounters, relay: TcpRelay): Omit<Proof, 'source'>;
}

export function linkFault({ name, description, to, change, judge }: LinkFault): Fault {
  const interception = relayTowards(to);
  return {
    name,
    description,
    targets: [to],
    interception,
    async inject(stack, signal) {
      unlessAborted(signal);
      const relay = stack.interceptor(interception);
      const before = relay.counters;
      change(relay);
      return {
        proof: async () => ({ ...judge(difference(relay.counters, before), relay), source: `the relay towards ${to}` }),
        async heal() {
          relay.clear();
          await until(`the link to ${to} flows again`, async () => (await knock(relay.endpoint)) === 'open', {
            withinMs: CLEAR_WITHIN_MS,
          });
        },
      };
    },
  };
}

const difference = (now: RelayCounters, before: RelayCounters): RelayCounters => ({
  connections: now.connections - before.connections,
  reset: now.reset - before.reset,
  chunks: now.chunks - before.chunks,
  bytes: now.bytes - before.bytes,
  heldMs: now.heldMs - before.heldMs,
});
