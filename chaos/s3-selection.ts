/** Which requests to an S3 server a fault is about. */
import type { Share } from '../harness/units.ts';
import { aPattern, aShare, oneOf } from './arguments.ts';
import { shareOf } from './http-fault.ts';
import type { HttpRule } from './http-rule.ts';
import { S3_OPERATIONS, type S3Operation, s3AddressOf, s3OperationOf } from './s3-operation.ts';

export interface S3Selection {
  /** Default every request, of whatever operation. */
  readonly operation?: S3Operation;
  /** Matched against the object's key; default every object, and what is about none. */
  readonly key?: RegExp;
  /** How many of them; default '100%'. */
  readonly share?: Share;
}

/** `what`: 'PutObject requests', for descriptions. Throws BAD_UNIT, BAD_OPTION. */
export function s3Selection(
  { operation, key, share = '100%' }: S3Selection,
  fault: string,
): Omit<HttpRule, 'breakage'> & { readonly what: string } {
  if (operation !== undefined) oneOf(operation, S3_OPERATIONS, `${fault}: operation`);
  const pattern = key && aPattern(key, `${fault}: key`);
  return {
    share: aShare(share, `${fault}: share`),
    matches: (request) =>
      (operation === undefined || s3OperationOf(request) === operation) &&
      (pattern === undefined || pattern.test(s3AddressOf(request.url ?? '/').key)),
    what: `${operation === undefined ? 'Requests' : `${operation} requests`}${key === undefined ? '' : ` for ${key}`}${shareOf(share)}`,
  };
}
