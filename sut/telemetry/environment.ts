/** Configuration from environment variables: what each may be, and a message that names all that are missing or wrong. */
import { z } from 'zod';

/** A whole number between these. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const DAY_MS = 86_400_000;
/** Real milliseconds. */
export const duration = (min = 1) => whole(min, 30 * DAY_MS);

/** An address with one of these protocols. */
export const url = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), {
    message: `is not an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

/** Its message is for the person who set the environment; each problem is a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** The environment as the schema has it. Throws a ConfigError. */
export function readEnvironment<Schema extends z.ZodType>(schema: Schema, env: NodeJS.ProcessEnv): z.output<Schema> {
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => describe(String(issue.path[0]), given, issue.message));
  throw new ConfigError(lines.join('\n'));
}

/** Addresses carry passwords, and keys are secret, so their values stay out of the message. */
function describe(name: string, given: Readonly<Record<string, string | undefined>>, problem: string): string {
  const value = given[name];
  if (value === undefined) return `${name} is not set.`;
  return /_(URL|SECRET|KEY|TOKEN)$/.test(name)
    ? `${name} ${problem}.`
    : `${name}=${JSON.stringify(value)}: ${problem}.`;
}
