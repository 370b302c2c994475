import { FiredrillError } from '../harness/errors.ts';
import type { RunningService } from '../harness/stack/service.ts';

/** The process id of a service that a fault needs running. Throws FAULT_FAILED. */
export function runningPid(service: RunningService): number {
  if (service.pid !== undefined) return service.pid;
  throw new FiredrillError('FAULT_FAILED', `${service.name} is not running.`);
}
