/** What the faults on HTTP requests have in common: a rule in force on the link's relay, which heal lifts. */
import type { Fault } from '../harness/fault.ts';
import type { Share } from '../harness/units.ts';
import { httpRelayTowards } from './http-relay.ts';
import type { HttpRule, RuleCounters } from './http-rule.ts';
import { unlessAborted, until } from './patience.ts';
import { knock } from './reachable.ts';

const CLEAR_WITHIN_MS = 5_000;

export interface HttpFault {
  readonly name: string;
  readonly description: string;
  /** The service at the far end. */
  readonly to: string;
  readonly rule: HttpRule;
  /** What was done to a request: 'answered 503'. */
  readonly done: string;
  /** What must be so beyond a request that was broken; default nothing. */
  proves?(counters: RuleCounters): boolean;
}

export function httpFault({ name, description, to, rule, done, proves = () => true }: HttpFault): Fault {
  const interception = httpRelayTowards(to);
  return {
    name,
    description,
    targets: [to],
    interception,
    async inject(stack, signal) {
      unlessAborted(signal);
      const relay = stack.interceptor(interception);
      const inForce = relay.enforce(rule);
      return {
        async proof() {
          const { broken, spared, heldMs } = inForce.counters;
          const held = heldMs === 0 ? '' : `, held for ${(heldMs / 1000).toFixed(1)} s in all`;
          return {
            held: broken > 0 && proves(inForce.counters),
            seen: `${broken} requests ${done}${held}${spared === 0 ? '' : `; ${spared} more spared`}`,
            source: `the HTTP relay towards ${to}`,
          };
        },
        async heal() {
          inForce.lift();
          await until(`the link to ${to} is open`, async () => (await knock(relay.endpoint)) === 'open', {
            withinMs: CLEAR_WITHIN_MS,
          });
        },
      };
    },
  };
}

/** ' (30% of them)', nothing for all. */
export const shareOf = (share: Share): string => (share === '100%' ? '' : ` (${share} of them)`);
