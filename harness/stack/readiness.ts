/** Asking a service whether it is ready, again and again, until it is, it ends, or it has had its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FiredrillError, messageOf } from '../errors.ts';
import type { ManagedService } from './runtime.ts';
import type { ServiceDescription } from './service.ts';

const READY_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
const ASK_AGAIN_MS = 25;

/**
 * `ended` resolves with how the service ended, should it. Throws SERVICE_FAILED with the end of its log, after `giveUp`.
 */
export async function untilReady(
  { ready }: ServiceDescription,
  service: ManagedService,
  ended: Promise<string>,
  giveUp: () => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  let last: unknown;
  let end: string | undefined;
  const ending = ended.then((detail) => {
    end = detail;
    throw new Error(detail);
  });
  ending.catch(() => undefined);
  while (performance.now() < deadline && end === undefined) {
    try {
      await Promise.race([ready(service.endpoint), ending, tooLong()]);
      return;
    } catch (error) {
      last = error;
      await sleep(ASK_AGAIN_MS);
    }
  }
  const what =
    end === undefined
      ? `was not ready after ${READY_WITHIN_MS / 1000} s: ${messageOf(last)}`
      : `ended while starting (${end})`;
  await giveUp();
  throw new FiredrillError(
    'SERVICE_FAILED',
    `${service.name} ${what}. The end of its log (${service.logFile}):\n${service.lastLines().replace(/^/gm, '  | ')}`,
  );
}

/** One question whether a service is ready may take this long. */
const tooLong = (): Promise<never> =>
  sleep(ANSWER_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it did not answer within ${ANSWER_WITHIN_MS / 1000} s`);
  });
