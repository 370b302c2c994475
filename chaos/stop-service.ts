/** A service is stopped, the way an operator or an upgrade does it; heal starts it again on its data. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { downFault } from './down.ts';

/** Asked to stop (its stop signal), so it says goodbye to its clients. Throws BAD_OPTION. */
export function stopService(name: string): Fault {
  aName(name, 'stopService: the service');
  return downFault('stopService', `${name} is stopped (asked to end).`, name, (service) => service.stop());
}
