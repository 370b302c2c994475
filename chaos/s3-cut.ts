/** A connection to S3 that breaks half-way through a body. */
import type { Fault } from '../harness/fault.ts';
import { aName, oneOf } from './arguments.ts';
import { httpFault } from './http-fault.ts';
import { type S3Selection, s3Selection } from './s3-selection.ts';

export interface S3CutOptions extends S3Selection {
  /**
   * 'request': the server gets half of what is sent, and does nothing with it. 'response': it does what was asked, and the
   * client gets half of the answer; of an answer without a body, nothing at all.
   */
  readonly body: 'request' | 'response';
}

/** Throws BAD_UNIT, BAD_OPTION. */
export function s3Cut(service: string, { body, ...selection }: S3CutOptions): Fault {
  aName(service, 's3Cut: the service');
  oneOf(body, ['request', 'response'], 's3Cut: body');
  const { what, ...selected } = s3Selection(selection, 's3Cut');
  return httpFault({
    name: 's3Cut',
    description: `${what} to ${service} are cut in the middle of the ${body}: the connection is reset.`,
    to: service,
    rule: { ...selected, breakage: { kind: 'cut', body } },
    done: `cut in the middle of the ${body}`,
  });
}
