/** Uploads over HTTP: what is taken, what is refused, and what a broken one leaves. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../testing.ts';
import {
  type Api,
  clip,
  type Ground,
  growth,
  ledgerOf,
  type Member,
  requests,
  SOUND,
  startApi,
  startGround,
  sum,
} from './testing.ts';
import { mayMount, smallDisk } from './testing-disk.ts';

const MAX_BYTES = 1024 ** 2;
/** A small disk has to be mounted; where nobody may (not root, or a container without the right) its test is skipped. */
const MAY_MOUNT = await mayMount();

let ground: Ground;
let api: Api;
let member: Member;
let tune: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  [ground, tune] = await Promise.all([startGround(), clip()]);
  api = await startApi(ground, { MAX_UPLOAD_BYTES: MAX_BYTES, UPLOAD_IDLE_TIMEOUT_MS: 700 });
  member = await api.join();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

describe('an upload', () => {
  const PATH = '/posts/:post_id/audio';
  const filesLeft = async () => (await readdir(ground.uploads)).filter((name) => name.endsWith('.partial'));

  test.each([
    ['NaN', 'invalid_format'],
    ['fast', 'invalid_format'],
    ['1e9', 'invalid_format'],
    ['Infinity', 'invalid_format'],
    ['39.9', 'out_of_range'],
    ['301', 'out_of_range'],
    ['-60', 'out_of_range'],
    ['', 'missing'],
  ])('with a bpm of %s is refused: %s', async (bpm, reason) => {
    await growth(
      api,
      [`validation_failures_total{field="bpm",reason="${reason}"}`, requests('POST', PATH, 400, 'VALIDATION')],
      async () => {
        const { status, body } = await api.upload(member, tune, { bpm });
        expect(status).toBe(400);
        expect(body.fields).toMatchObject([{ field: 'bpm', reason }]);
      },
      [1, 1],
    );
  });

  test.each(['40', '300', '127.5'])('with a bpm of %s is taken', async (bpm) => {
    expect((await api.upload(member, tune, { bpm })).status).toBe(202);
  });

  test('of no bytes, of too many, of another type, to another’s post, or a second one, is refused', async () => {
    const empty = await api.upload(member, new Uint8Array());
    expect(empty).toMatchObject({ status: 400, body: { fields: [{ field: 'audio', reason: 'empty' }] } });
    const large = await api.upload(member, new Uint8Array(MAX_BYTES + 1));
    expect(large).toMatchObject({ status: 413, body: { error_code: 'PAYLOAD_TOO_LARGE', resource: 'audio' } });
    const page = await api.upload(member, tune, { type: 'text/html' });
    expect(page).toMatchObject({ status: 415, body: { error_code: 'UNSUPPORTED_MEDIA_TYPE' } });

    const accepted = await api.upload(member, tune);
    const send = (token: string) =>
      fetch(`${api.base}/posts/${accepted.body.post_id}/audio?bpm=100`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/mpeg' },
        body: tune,
      });
    expect((await send(member.token)).status).toBe(409);
    expect((await send((await api.join()).token)).status).toBe(403);
    const stranger = await api.join();
    expect((await api.ask('GET', `/jobs/${accepted.body.job_id}`, { token: stranger.token })).status).toBe(403);
    expect(await filesLeft()).toEqual([]);
  });

  test('sent in chunks without a length is limited as well', async () => {
    const { body: post } = await api.ask('POST', '/posts', { token: member.token, body: { title: 'x' } });
    const chunks = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024));
        await sleep(1);
      },
    });
    const answer = await fetch(`${api.base}/posts/${post.post_id}/audio?bpm=100`, {
      method: 'POST',
      headers: { authorization: `Bearer ${member.token}`, 'content-type': 'audio/mpeg' },
      body: chunks,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
    expect(await filesLeft()).toEqual([]);
  });

  /** Opens an upload by hand and sends these bytes of it. */
  async function half(announced: number, bytes: Uint8Array): Promise<Socket> {
    const { body: post } = await api.ask('POST', '/posts', { token: member.token, body: { title: 'x' } });
    const socket = connect(api.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write(
      `POST /posts/${post.post_id}/audio?bpm=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${member.token}\r\n` +
        `Content-Type: audio/mpeg\r\nContent-Length: ${announced}\r\n\r\n`,
    );
    socket.write(bytes);
    return socket;
  }
  const answerOn = async (socket: Socket) => String((await once(socket, 'data'))[0]);

  test.skipIf(!MAY_MOUNT)(
    'that finds no room on the disk is refused with 507, leaves nothing, and the next one fits',
    async () => {
      const folder = join(ground.uploads, 'small');
      await using disk = await smallDisk(folder, '16k');
      await using cramped = await startApi(ground, { UPLOAD_DIR: folder });
      const refused = await cramped.upload(member, tune);
      expect(refused).toMatchObject({ status: 507, body: { error_code: 'DISK_FULL', resource: 'audio' } });
      expect(await readdir(folder)).toEqual([]);
      expect(sum(await cramped.metrics(), 'http_requests_total', 'status="507"', 'error_code="DISK_FULL"')).toBe(1);
      expect(cramped.log().find(({ error_code }) => error_code === 'DISK_FULL')).toMatchObject({
        level: 'error',
        path: PATH,
      });
      await disk.grow('1m');
      expect((await cramped.upload(member, tune)).status).toBe(202);
    },
  );

  test('that stops half-way is counted, logged, and leaves nothing', async () => {
    const before = (await ledgerOf(ground)).counts.uploads;
    await growth(
      api,
      [requests('POST', PATH, 499, 'UPLOAD_INCOMPLETE')],
      async () => {
        const socket = await half(tune.length * 2, tune);
        await eventually(async () => (await filesLeft()).length === 1);
        socket.destroy();
      },
      [1],
    );
    expect(await filesLeft()).toEqual([]);
    expect((await ledgerOf(ground)).counts.uploads).toBe(before);
    const line = api.log().find(({ error_code }) => error_code === 'UPLOAD_INCOMPLETE');
    expect(line).toMatchObject({ level: 'warn', status: 499, path: PATH, user_id: member.id });
  });

  test('whose length is more than it sends is given up, with an answer', async () => {
    await growth(
      api,
      [requests('POST', PATH, 408, 'UPLOAD_STALLED')],
      async () => {
        const socket = await half(tune.length + 1, tune);
        expect(await answerOn(socket)).toContain('408');
        socket.destroy();
      },
      [1],
    );
    expect(await filesLeft()).toEqual([]);
  });

  test('whose length is less than it sends is answered: the rest is no request', async () => {
    await growth(
      api,
      [requests('OTHER', 'unmatched', 400, 'MALFORMED_REQUEST')],
      async () => {
        const socket = await half(tune.length - 100, tune);
        expect(await answerOn(socket)).toMatch(/ (202|400) /);
        socket.destroy();
      },
      [1],
    );
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });

  test('killed together with the API is gone, and was never acknowledged', async () => {
    const doomed = await startApi(ground);
    const { body: post } = await doomed.ask('POST', '/posts', { token: member.token, body: { title: 'x' } });
    const socket = connect(doomed.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write(
      `POST /posts/${post.post_id}/audio?bpm=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${member.token}\r\n` +
        `Content-Type: audio/mpeg\r\nContent-Length: 999999\r\n\r\nabc`,
    );
    await eventually(async () => (await filesLeft()).length === 1);
    doomed.signal('SIGKILL');
    await doomed.exited();
    await sleep(50);
    const next = await startApi(ground, { UPLOAD_IDLE_TIMEOUT_MS: 10 });
    expect(await filesLeft()).toEqual([]);
    await Promise.all([doomed[Symbol.asyncDispose](), next[Symbol.asyncDispose]()]);
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });
});

test('200 MB go to disk without going through memory, 8 at a time', async () => {
  const big = await startApi(ground);
  const SIZE = 200 * 1024 ** 2;
  const PIECE = new Uint8Array(1024 ** 2);
  const rss = async () => (await big.metrics()).get('process_resident_memory_bytes') ?? 0;
  const send = async (size: number) => {
    const { body: post } = await big.ask('POST', '/posts', { token: member.token, body: { title: 'x' } });
    let left = size;
    const body = new ReadableStream({
      pull(controller) {
        if (left <= 0) return controller.close();
        controller.enqueue(PIECE.subarray(0, Math.min(left, PIECE.length)));
        left -= PIECE.length;
      },
    });
    const answer = await fetch(`${big.base}/posts/${post.post_id}/audio?bpm=100`, {
      method: 'POST',
      headers: { authorization: `Bearer ${member.token}`, 'content-type': 'audio/wav' },
      body,
      duplex: 'half',
    } as RequestInit);
    await answer.text();
    return answer.status;
  };
  try {
    await send(1024 ** 2);
    const before = await rss();
    let peak = 0;
    let sending = true;
    const watch = (async () => {
      while (sending) {
        peak = Math.max(peak, await rss());
        await sleep(20);
      }
    })();
    expect(await send(SIZE)).toBe(202);
    expect(await Promise.all(Array.from({ length: 8 }, () => send(SIZE / 8)))).toEqual(Array(8).fill(202));
    sending = false;
    await watch;
    // A copy of one of these bodies in memory would be far above it.
    expect(peak - before).toBeLessThan(SIZE / 2);
    const after = await big.metrics();
    const size = 'http_request_size_bytes_sum{method="POST",path="/posts/:post_id/audio"}';
    expect(after.get(size)).toBe(1024 ** 2 + 2 * SIZE);
  } finally {
    await big[Symbol.asyncDispose]();
  }
});
