import { FiredrillError } from '../harness/errors.ts';
import type { Instance, RunningService } from '../harness/stack/service.ts';

/** The instance of a service that a fault needs running. Throws FAULT_FAILED. */
export function running(service: RunningService): Instance {
  if (service.instance !== undefined) return service.instance;
  throw new FiredrillError('FAULT_FAILED', `${service.name} is not running.`);
}
