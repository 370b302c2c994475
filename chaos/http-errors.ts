/** An outside service that answers with errors. */
import { FiredrillError } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { httpFault } from './http-fault.ts';
import { type HttpSelection, httpSelection } from './http-selection.ts';

export interface HttpErrorsOptions extends HttpSelection {
  /** 400 to 599. */
  readonly status: number;
  /** Sent as JSON; default { error: 'unavailable' }. */
  readonly body?: unknown;
}

/** The service never hears of the requests that fail. Throws BAD_UNIT, BAD_OPTION. */
export function httpErrors(service: string, { status, body, ...selection }: HttpErrorsOptions): Fault {
  aName(service, 'httpErrors: the service');
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new FiredrillError('BAD_OPTION', `httpErrors: status is ${JSON.stringify(status)}; expected 400 to 599.`);
  }
  const { what, ...selected } = httpSelection(selection, 'httpErrors');
  const answer = {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? { error: 'unavailable' }),
  };
  return httpFault({
    name: 'httpErrors',
    description: `${what} to ${service} are answered ${status}.`,
    to: service,
    rule: { ...selected, breakage: { kind: 'answer', answer: () => answer } },
    done: `answered ${status}`,
  });
}
