/**
 * Correlation ids: one id follows a request through every log line it causes, and back to the caller.
 * The id travels in an AsyncLocalStorage, so that no function has to pass it on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

export const CORRELATION_HEADER = 'X-Correlation-ID';

/** Bounded and free of anything that could forge a log line or a header. */
const ACCEPTABLE = /^[A-Za-z0-9._:-]{1,64}$/;

const storage = new AsyncLocalStorage<string>();

/** The id a caller sent where it is acceptable (1 to 64 of letters, digits and `._:-`), otherwise a new one. */
export function acceptCorrelationId(sent: string | undefined): string {
  return sent !== undefined && ACCEPTABLE.test(sent) ? sent : randomUUID();
}

/** Runs `work` and everything it awaits under the id. */
export function withCorrelationId<T>(id: string, work: () => T): T {
  return storage.run(id, work);
}

/** The id of the request being served; undefined outside of one. */
export function correlationId(): string | undefined {
  return storage.getStore();
}
