/** Becoming a member of the audio network. */
import type { Answer, Step, Visitor } from '../../journey.ts';
import { LOGIN, REGISTER } from './routes.ts';

export const PASSWORD = 'a-password-of-9-words';
const EMAIL_TAKEN = 409;

/** The address of a visitor: the same visitor of the same crowd has the same one. */
export const emailOf = (crowd: string, visitor: number): string => `${crowd}-${visitor}@example.com`;

/**
 * Registers and is logged in. Who came with an earlier load of the same name is registered already, and logs in. Returns
 * what ended it where that fails; undefined once the visitor is in.
 */
export function* comeIn(visitor: Visitor, crowd: string): Step<string | undefined> {
  const credentials = { email: emailOf(crowd, visitor.number), password: PASSWORD };
  const registered = yield* visitor.post(REGISTER, '/register', credentials);
  const session = registered.status === EMAIL_TAKEN ? yield* visitor.post(LOGIN, '/login', credentials) : registered;
  return useSession(visitor, session);
}

/** Logs in again, as with another device. */
export function* logInAgain(visitor: Visitor, crowd: string): Step<string | undefined> {
  const credentials = { email: emailOf(crowd, visitor.number), password: PASSWORD };
  return useSession(visitor, yield* visitor.post(LOGIN, '/login', credentials));
}

function useSession(visitor: Visitor, answer: Answer): string | undefined {
  if (answer.status >= 300) return answer.errorCode;
  const token = answer.field('token');
  if (token === undefined) return 'NO_TOKEN';
  visitor.logIn(token);
  return undefined;
}
