/** An outside service that takes requests and never answers; its connections stay open. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { httpFault } from './http-fault.ts';
import { type HttpSelection, httpSelection } from './http-selection.ts';

/** What hangs is reset when it heals, as by a service that was restarted. Throws BAD_UNIT, BAD_OPTION. */
export function httpHangs(service: string, selection: HttpSelection = {}): Fault {
  aName(service, 'httpHangs: the service');
  const { what, ...selected } = httpSelection(selection, 'httpHangs');
  return httpFault({
    name: 'httpHangs',
    description: `${what} to ${service} are never answered.`,
    to: service,
    rule: { ...selected, breakage: { kind: 'hang' } },
    done: 'left hanging',
  });
}
