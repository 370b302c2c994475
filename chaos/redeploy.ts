/** A bad deploy: the service is replaced by itself with another configuration; heal rolls back. */
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { unlessAborted } from './patience.ts';
import { environmentOf } from './process-facts.ts';
import { running } from './running.ts';

export interface RedeployOptions {
  /** Variables of the new release, over those of the old. */
  readonly env: Readonly<Record<string, string>>;
}

/** Throws BAD_OPTION where nothing would change. */
export function redeploy(name: string, { env }: RedeployOptions): Fault {
  aName(name, 'redeploy: the service');
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  if (variables.length === 0) {
    throw new FiredrillError(
      'BAD_OPTION',
      'redeploy: env is empty; expected at least one variable of the new release.',
    );
  }
  return {
    name: 'redeploy',
    description: `${name} is deployed anew with ${variables.join(', ')}.`,
    targets: [name],
    async inject(stack, signal) {
      unlessAborted(signal);
      const service = stack.service(name);
      running(service);
      await service.stop();
      try {
        await service.start(env);
      } catch (error) {
        await service.start();
        throw new FiredrillError('FAULT_FAILED', `the new release did not come up: ${messageOf(error)}`, {
          cause: error,
        });
      }
      const has = async (variable: string): Promise<boolean> => (await environmentOf(service)).has(variable);
      return {
        async proof() {
          const found = await Promise.all(variables.map(has));
          const missing = variables.filter((_, index) => !found[index]);
          return {
            held: missing.length === 0,
            seen: missing.length === 0 ? `runs with ${variables.join(', ')}` : `runs without ${missing.join(', ')}`,
            source: "the process' environment",
          };
        },
        async heal() {
          await service.stop();
          await service.start();
        },
      };
    },
  };
}
