/** What an operator of the audio network does to mend it, over its API like everybody else: remedies for recovery phases. */
import type { Proof } from '../harness/fault.ts';
import type { Remedy } from '../harness/remedy.ts';
import type { Stack } from '../harness/stack/service.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { AUDIO_ADMIN_TOKEN } from './audio.ts';

const API = 'audio-api';

/** Raises or lowers the time that ffmpeg may take with a file; scenario time. Throws BAD_UNIT. */
export function setFfmpegTimeout(timeout: Duration): Remedy {
  const seconds = milliseconds(timeout, 'setFfmpegTimeout') / 1_000;
  return {
    name: 'setFfmpegTimeout',
    description: `ffmpeg may take ${timeout} with a file from now on (PUT /admin/settings).`,
    targets: [API],
    async apply(stack, signal): Promise<Proof> {
      const change = { ffmpeg_timeout_seconds: seconds };
      await administer(stack, signal, 'PUT', '/admin/settings', change);
      const settings = await administer(stack, signal, 'GET', '/admin/settings');
      const { ffmpeg_timeout_seconds: now } = settings;
      return { held: now === seconds, seen: `ffmpeg_timeout_seconds is ${now}`, source: 'GET /admin/settings' };
    },
  };
}

/** Every job that was given up is tried again. */
export const requeueDeadLetters = (): Remedy =>
  emptying('requeueDeadLetters', 'Every dead letter is tried again', 'POST', '/admin/dead-letters/requeue', 'requeued');

/** Nobody will look at the dead letters. */
export const discardDeadLetters = (): Remedy =>
  emptying('discardDeadLetters', 'Every dead letter is thrown away', 'DELETE', '/admin/dead-letters', 'discarded');

function emptying(name: string, what: string, method: string, path: string, done: string): Remedy {
  return {
    name,
    description: `${what} (${method} ${path}).`,
    targets: [API],
    async apply(stack, signal): Promise<Proof> {
      const answer = await administer(stack, signal, method, path);
      const count = Number(answer[done]);
      // Where none was there, nothing was mended: the scenario is wrong, or the books are.
      return { held: count > 0, seen: `${count} dead letters ${done}`, source: `${method} ${path}` };
    },
  };
}

/** Throws what the API said, or why it said nothing. */
async function administer(
  stack: Stack,
  signal: AbortSignal,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const { host, port } = stack.service(API).endpoint;
  const response = await fetch(`http://${host}:${port}${path}`, {
    method,
    signal,
    headers: { authorization: `Bearer ${AUDIO_ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Record<string, unknown>;
}
