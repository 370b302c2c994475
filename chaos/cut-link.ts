/** A network that breaks: connections are reset, old ones and new. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { linkFault } from './link-fault.ts';

/** Throws BAD_OPTION. */
export function cutLink(service: string): Fault {
  aName(service, 'cutLink: the service');
  return linkFault({
    name: 'cutLink',
    description: `Every connection to ${service} is reset, and each new one as soon as it is made.`,
    to: service,
    change: (relay) => relay.cut(),
    judge: ({ reset }) => ({ held: reset > 0, seen: `${reset} connections reset` }),
  });
}
