/** An S3 server that answers with an error of its own, in its own words: the error's code in XML under its status. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Fault } from '../harness/fault.ts';
import { aName, oneOf } from './arguments.ts';
import { httpFault } from './http-fault.ts';
import type { Answer } from './http-rule.ts';
import { type S3Selection, s3Selection } from './s3-selection.ts';

const ERRORS = {
  SlowDown: { status: 503, message: 'Please reduce your request rate.' },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again.' },
  AccessDenied: { status: 403, message: 'Access Denied' },
} as const;

export type S3Error = keyof typeof ERRORS;

export interface S3ErrorsOptions extends S3Selection {
  readonly error: S3Error;
}

/** The server never hears of the requests that fail. Throws BAD_UNIT, BAD_OPTION. */
export function s3Errors(service: string, { error, ...selection }: S3ErrorsOptions): Fault {
  aName(service, 's3Errors: the service');
  oneOf(error, Object.keys(ERRORS), 's3Errors: error');
  const { what, ...selected } = s3Selection(selection, 's3Errors');
  const { status } = ERRORS[error];
  return httpFault({
    name: 's3Errors',
    description: `${what} to ${service} are answered ${status} ${error}.`,
    to: service,
    rule: { ...selected, breakage: { kind: 'answer', answer: (request) => answerOf(error, request) } },
    done: `answered ${status} ${error}`,
  });
}

function answerOf(error: S3Error, { url = '/' }: IncomingMessage): Answer {
  const { status, message } = ERRORS[error];
  const id = randomUUID();
  const resource = escaped(url.split('?')[0] ?? '/');
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': id },
    body: `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${error}</Code><Message>${message}</Message><Resource>${resource}</Resource><RequestId>${id}</RequestId></Error>`,
  };
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
