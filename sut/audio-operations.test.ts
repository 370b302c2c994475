/** What an operator does, on the real API with its real books. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../harness/stack/service.ts';
import { type Api, type Ground, startApi, startGround, startWorker } from './audio/testing.ts';
import { AUDIO_ADMIN_TOKEN } from './audio.ts';
import { discardDeadLetters, requeueDeadLetters, setFfmpegTimeout } from './audio-operations.ts';
import { eventually } from './testing.ts';

let ground: Ground;
let api: Api;
const signal = new AbortController().signal;
const stackAt = (port: number) => ({ service: () => ({ endpoint: { host: '127.0.0.1', port } }) }) as unknown as Stack;
const admin = { token: AUDIO_ADMIN_TOKEN };

beforeAll(async () => {
  ground = await startGround();
  api = await startApi(ground, { ADMIN_TOKEN: AUDIO_ADMIN_TOKEN });
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

const letters = async (): Promise<number> => {
  const { body } = await api.ask('GET', '/admin/dead-letters', admin);
  return (body.dead_letters as unknown[]).length;
};

describe('an operator of the audio network', () => {
  test('sets the timeout of ffmpeg in scenario time, and reads it back', async () => {
    expect(await setFfmpegTimeout('5m').apply(stackAt(api.port), signal)).toEqual({
      held: true,
      seen: 'ffmpeg_timeout_seconds is 300',
      source: 'GET /admin/settings',
    });
    const { body } = await api.ask('GET', '/admin/settings', admin);
    expect(body).toEqual({ ffmpeg_timeout_seconds: 300 });
  });

  test('is told what a duration looks like before anything runs', () => {
    expect(() => setFfmpegTimeout('soon' as '5m')).toThrow('the timeout of setFfmpegTimeout is "soon"');
  });

  test('hears the status, the code and the words of the API where it refuses', async () => {
    await expect(setFfmpegTimeout('500ms').apply(stackAt(api.port), signal)).rejects.toThrow(
      /^PUT \/admin\/settings answered 400 \(VALIDATION\): .+/,
    );
  });

  test('hears it where the token is not the administrator’s, and where nobody answers', async () => {
    const other = await startApi(ground, { ADMIN_TOKEN: 'another-administrator' });
    try {
      await expect(discardDeadLetters().apply(stackAt(other.port), signal)).rejects.toThrow(
        /^GET \/admin\/dead-letters answered 401 \(\w+\): /,
      );
    } finally {
      await other[Symbol.asyncDispose]();
    }
    await expect(setFfmpegTimeout('5m').apply(stackAt(other.port), signal)).rejects.toThrow(
      /^PUT \/admin\/settings was not answered: .*ECONNREFUSED/,
    );
  });

  test('requeues dead letters, discards those that die again, and takes no hold where there are none', async () => {
    const none = { held: false, source: 'GET /admin/dead-letters' };
    const stack = stackAt(api.port);
    expect(await requeueDeadLetters().apply(stack, signal)).toMatchObject({ ...none, seen: '0 requeued, 0 of 0 left' });
    expect(await discardDeadLetters().apply(stack, signal)).toMatchObject({
      ...none,
      seen: '0 discarded, 0 of 0 left',
    });
    const worker = await startWorker(ground);
    try {
      await api.upload(await api.join(), new TextEncoder().encode('this is no audio'));
      await eventually(async () => (await letters()) === 1);
      const requeued = await requeueDeadLetters().apply(stack, signal);
      expect(requeued).toEqual({
        held: true,
        seen: '1 requeued, 0 of 1 left',
        source: 'GET /admin/dead-letters',
      });
      await eventually(async () => (await letters()) === 1);
      expect(await discardDeadLetters().apply(stack, signal)).toMatchObject({
        held: true,
        seen: '1 discarded, 0 of 1 left',
      });
      expect(await letters()).toBe(0);
    } finally {
      await worker[Symbol.asyncDispose]();
    }
  });
});
