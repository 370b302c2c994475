/** A service dies on the spot, as under the out-of-memory killer; heal starts it again. */
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { downFault } from './down.ts';

/** SIGKILL: nothing is finished, nothing is said. Throws BAD_OPTION. */
export function killService(name: string): Fault {
  aName(name, 'killService: the service');
  return downFault('killService', `${name} is killed (SIGKILL).`, name, (service) => service.kill());
}
