/** Which requests to an outside service a fault is about. */
import type { Share } from '../harness/units.ts';
import { aPattern, aShare, oneOf } from './arguments.ts';
import { shareOf } from './http-fault.ts';
import type { HttpRule } from './http-rule.ts';

export interface HttpSelection {
  /** 'POST'; default every method. */
  readonly method?: string;
  /** Matched against path and query as they come; default everything. */
  readonly path?: RegExp;
  /** How many of them; default '100%'. */
  readonly share?: Share;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** `what`: 'POST requests to /search', for descriptions. Throws BAD_UNIT, BAD_OPTION. */
export function httpSelection(
  { method, path, share = '100%' }: HttpSelection,
  fault: string,
): Omit<HttpRule, 'breakage'> & { readonly what: string } {
  if (method !== undefined) oneOf(method, METHODS, `${fault}: method`);
  const pattern = path && aPattern(path, `${fault}: path`);
  return {
    share: aShare(share, `${fault}: share`),
    matches: (request) =>
      (method === undefined || request.method === method) && (pattern === undefined || pattern.test(request.url ?? '')),
    what: `${method === undefined ? 'Requests' : `${method} requests`}${path === undefined ? '' : ` for ${path}`}${shareOf(share)}`,
  };
}
