/**
 * What an operator of the audio network does while it runs: over the API's administration routes, as anybody with the
 * administrator's token would.
 */
import { messageOf } from '../harness/errors.ts';
import type { Proof } from '../harness/fault.ts';
import type { Remedy } from '../harness/remedy.ts';
import type { Stack } from '../harness/stack/service.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { AUDIO_ADMIN_TOKEN } from './audio.ts';

const API = 'audio-api';
const SETTINGS = '/admin/settings';
const LETTERS = '/admin/dead-letters';

/** How long ffmpeg may take with a file from now on; scenario time. Workers see it at their next job. Throws BAD_UNIT. */
export function setFfmpegTimeout(timeout: Duration): Remedy {
  const wanted = milliseconds(timeout, 'the timeout of setFfmpegTimeout') / 1_000;
  return operation('setFfmpegTimeout', `Sets the timeout of ffmpeg to ${timeout} (PUT ${SETTINGS}).`, async (ask) => {
    await ask('PUT', SETTINGS, { ffmpeg_timeout_seconds: wanted });
    const { ffmpeg_timeout_seconds: set } = await ask('GET', SETTINGS);
    return { held: set === wanted, seen: `ffmpeg_timeout_seconds is ${String(set)}`, source: `GET ${SETTINGS}` };
  });
}

/** Tries dead jobs again, one for each post that has no audio. Fails where there is none. */
export const requeueDeadLetters = (): Remedy =>
  operation('requeueDeadLetters', `Makes new jobs of the dead letters (POST ${LETTERS}/requeue).`, async (ask) => {
    const before = await openLetters(ask);
    const { requeued } = await ask('POST', `${LETTERS}/requeue`);
    const left = await leftOf(before, ask);
    const held = Number(requeued) > 0 && left < before.size;
    return { held, seen: `${String(requeued)} requeued, ${left} of ${before.size} left`, source: `GET ${LETTERS}` };
  });

/** Gives every dead job up, and removes its upload. Fails where there is none. */
export const discardDeadLetters = (): Remedy =>
  operation('discardDeadLetters', `Throws every dead letter away (DELETE ${LETTERS}).`, async (ask) => {
    const before = await openLetters(ask);
    const { discarded } = await ask('DELETE', LETTERS);
    const left = await leftOf(before, ask);
    const held = Number(discarded) > 0 && left === 0;
    return { held, seen: `${String(discarded)} discarded, ${left} of ${before.size} left`, source: `GET ${LETTERS}` };
  });

/** The ids of those that nobody has seen to; jobs may go on dying meanwhile. */
async function openLetters(ask: Ask): Promise<ReadonlySet<unknown>> {
  const { dead_letters: letters } = await ask('GET', LETTERS);
  return new Set((letters as readonly { readonly id: unknown }[]).map(({ id }) => id));
}

const leftOf = async (before: ReadonlySet<unknown>, ask: Ask): Promise<number> =>
  [...(await openLetters(ask))].filter((id) => before.has(id)).length;

type Answer = Readonly<Record<string, unknown>>;
type Ask = (method: string, path: string, body?: Answer) => Promise<Answer>;

function operation(name: string, description: string, act: (ask: Ask) => Promise<Proof>): Remedy {
  return { name, description, targets: [API], apply: (stack, signal) => act(asker(stack, signal)) };
}

/** Rejects, naming the request, unless it is answered with 2xx and a JSON object. */
function asker(stack: Stack, signal: AbortSignal): Ask {
  const { host, port } = stack.service(API).endpoint;
  return async (method, path, body) => {
    const response = await fetch(`http://${host}:${port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${AUDIO_ADMIN_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    }).catch((error: unknown) => {
      throw new Error(`${method} ${path} was not answered: ${messageOf(error)}`, { cause: error });
    });
    const text = await response.text();
    const answer = objectIn(text);
    if (response.ok && answer) return answer;
    const why = answer ? `(${String(answer.error_code)}): ${String(answer.message)}` : `: ${text.slice(0, 200)}`;
    throw new Error(`${method} ${path} answered ${response.status} ${why}`);
  };
}

function objectIn(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}
