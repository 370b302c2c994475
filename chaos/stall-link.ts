/** A network that swallows: connections stay open, and no byte arrives. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { linkFault } from './link-fault.ts';

/** Throws BAD_OPTION. */
export function stallLink(service: string): Fault {
  aName(service, 'stallLink: the service');
  return linkFault({
    name: 'stallLink',
    description: `Bytes stop flowing on the link to ${service}; its connections stay open.`,
    to: service,
    change: (relay) => relay.stall(),
    judge: ({ chunks }, { heldBytes }) => ({
      held: heldBytes > 0 && chunks === 0,
      seen: `${heldBytes} bytes held back, ${chunks} chunks passed`,
    }),
  });
}
