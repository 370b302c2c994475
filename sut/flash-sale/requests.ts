/** Reads and checks what clients send. */
import { z } from 'zod';
import { parseCode } from './codes.ts';
import { type Details, ServiceError } from './errors.ts';

const checkoutBody = z.object({
  user_id: z
    .string('must be a string')
    .regex(/^[A-Za-z0-9._@:-]{1,64}$/, 'must be 1 to 64 of letters, digits and ._@:-'),
  item_id: z
    .number('must be a number')
    .refine((id) => Number.isInteger(id) && id >= 1 && id <= 2_147_483_647, 'must be a whole number from 1'),
});

const purchaseBody = z.object({
  code: z.string('must be a string').transform((text, context) => {
    const code = parseCode(text);
    if (code !== undefined) return code;
    context.addIssue({ code: 'custom', message: 'must be a code like 7KQF-9M2X-C3TZ-0W5A' });
    return z.NEVER;
  }),
});

/** The body of POST /checkout. Throws VALIDATION with the problem of each field. */
export const parseCheckout = (body: unknown) => parse(checkoutBody, body);

/** The body of POST /purchase; the code comes back as it is stored. Throws VALIDATION. */
export const parsePurchase = (body: unknown) => parse(purchaseBody, body);

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ServiceError('VALIDATION', 'The body must be a JSON object.');
  }
  const details: Record<string, string> = {};
  for (const { path, message } of result.error.issues) {
    const field = String(path[0]);
    details[field] ??= field in body ? message : 'is missing';
  }
  throw new ServiceError('VALIDATION', describe(details), details);
}

const describe = (details: Details): string =>
  `${Object.entries(details)
    .map(([field, problem]) => `${field} ${problem}`)
    .join('; ')}.`;
