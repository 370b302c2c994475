/** The API over HTTP: what it does, what it refuses, and what is counted of it. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startNode } from '../testing.ts';
import {
  ADMIN_TOKEN,
  type Api,
  clip,
  type Ground,
  ledgerOf,
  type Member,
  SOUND,
  startApi,
  startGround,
  sum,
} from './testing.ts';

const MAX_BYTES = 1024 ** 2;

let ground: Ground;
let api: Api;
let member: Member;
let tune: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  [ground, tune] = await Promise.all([startGround(), clip()]);
  api = await startApi(ground, { MAX_UPLOAD_BYTES: MAX_BYTES, UPLOAD_IDLE_TIMEOUT_MS: 700, EXTERNAL_TIMEOUT_MS: 400 });
  member = await api.join();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

/** How much these series have grown meanwhile. A request is counted when its connection is done with it, a moment later. */
async function growth(series: readonly string[], during: () => Promise<unknown>, expected: readonly number[]) {
  const before = await api.metrics();
  await during();
  await eventually(async () => {
    const after = await api.metrics();
    const grown = series.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
    if (grown.join() !== expected.join()) throw new Error(`${series.join('\n')}\ngrew by ${grown}, not ${expected}`);
  }, 3_000);
}

const requests = (method: string, path: string, status: number, code = '') =>
  `http_requests_total{method="${method}",path="${path}",status="${status}",error_code="${code}"}`;

describe('members', () => {
  test('register once, log in, and are known by their token', async () => {
    const body = { email: 'Ada@Example.com', password: 'correct horse 1' };
    const registered = await api.ask('POST', '/register', { body });
    expect(registered.status).toBe(201);
    expect(await api.ask('POST', '/register', { body: { ...body, email: 'ada@example.com' } })).toMatchObject({
      status: 409,
      body: { error_code: 'EMAIL_TAKEN', resource: 'user' },
    });
    const login = await api.ask('POST', '/login', { body });
    expect(login).toMatchObject({ status: 200, body: { user_id: registered.body.user_id } });
    const token = String(login.body.token);
    expect(await api.ask('GET', '/feed', { token })).toMatchObject({ status: 200, body: { posts: [] } });
  });

  test.each([
    [
      {},
      [
        ['email', 'missing'],
        ['password', 'missing'],
      ],
    ],
    [
      { email: 'ada', password: 'short' },
      [
        ['email', 'invalid_format'],
        ['password', 'too_short'],
      ],
    ],
    [
      { email: 'a b@c.de', password: '12345678901' },
      [
        ['email', 'invalid_format'],
        ['password', 'too_weak'],
      ],
    ],
    [
      { email: 7, password: 'x'.repeat(200) },
      [
        ['email', 'invalid_format'],
        ['password', 'too_long'],
      ],
    ],
  ])('%j is refused field by field', async (body, problems) => {
    const series = [
      ...problems.map(([field, reason]) => `validation_failures_total{field="${field}",reason="${reason}"}`),
      requests('POST', '/register', 400, 'VALIDATION'),
      'http_errors_total{endpoint="/register",status="400",error_code="VALIDATION",field="email"}',
      'handler_errors_total{handler="register",error_code="VALIDATION"}',
    ];
    await growth(series, async () => {
      const { status, body: answer } = await api.ask('POST', '/register', { body });
      expect(status).toBe(400);
      expect(answer).toMatchObject({ error_code: 'VALIDATION', resource: 'user' });
      expect((answer.fields as { field: string; reason: string }[]).map((f) => [f.field, f.reason])).toEqual(problems);
    }, [1, 1, 1, 1, 1]);
  });

  test('with a wrong password, a wrong token, none, or somebody else’s rights are turned away', async () => {
    const wrong = { email: 'nobody@example.com', password: 'correct horse 1' };
    await growth([
      requests('POST', '/login', 401, 'CREDENTIALS_INVALID'),
      requests('GET', '/feed', 401, 'CREDENTIALS_MISSING'),
      requests('GET', '/feed', 401, 'CREDENTIALS_INVALID'),
      requests('GET', '/admin/settings', 403, 'FORBIDDEN'),
    ], async () => {
      expect((await api.ask('POST', '/login', { body: wrong })).status).toBe(401);
      expect((await api.ask('GET', '/feed')).status).toBe(401);
      const [claim, expiry, signature] = member.token.split('.');
      for (const token of ['x', `${claim}.zzzzzzzz.${signature}`, `${claim}.${expiry}.AAAA`]) {
        expect((await api.ask('GET', '/feed', { token })).status).toBe(401);
      }
      expect((await api.ask('GET', '/admin/settings', { token: member.token })).status).toBe(403);
    }, [1, 1, 3, 1]);
  });

  test('follow and like once each', async () => {
    const other = await api.join();
    const { body: post } = await api.ask('POST', '/posts', { token: other.token, body: { title: 'night train' } });
    const { token } = member;
    expect((await api.ask('POST', `/users/${other.id}/follow`, { token })).status).toBe(201);
    expect(await api.ask('POST', `/users/${other.id}/follow`, { token })).toMatchObject({
      status: 409,
      body: { error_code: 'ALREADY_FOLLOWING', resource: 'follow' },
    });
    expect((await api.ask('POST', `/posts/${post.post_id}/like`, { token })).status).toBe(201);
    expect(await api.ask('POST', `/posts/${post.post_id}/like`, { token })).toMatchObject({
      status: 409,
      body: { error_code: 'ALREADY_LIKED' },
    });
    expect((await api.ask('POST', `/users/${crypto.randomUUID()}/follow`, { token })).status).toBe(404);
    expect((await api.ask('POST', '/posts/7/like', { token })).status).toBe(404);
    expect((await ledgerOf(ground)).counts).toMatchObject({ likes: 1, follows: 1, posts_with_wrong_likes: 0 });
  });
});

describe('the caches', () => {
  test('answer the second time, and forget what is no longer true', async () => {
    const reader = await api.join();
    const { body: post } = await api.ask('POST', '/posts', { token: reader.token, body: { title: 'old' } });
    const read = async () => (await api.ask('GET', '/feed', { token: reader.token })).body.posts as unknown[];
    await growth([
      'cache_hits_total{cache_name="feed"}',
      'cache_misses_total{cache_name="feed"}',
      'cache_invalidations_total{reason="post_created",resource_type="feed"}',
    ], async () => {
      expect(await read()).toHaveLength(1);
      await eventually(async () => (await ground.redis.call('EXISTS', `audio:cache:feed:${reader.id}`)) === 1);
      expect(await read()).toHaveLength(1);
      await api.ask('POST', '/posts', { token: reader.token, body: { title: 'new' } });
      expect(await read()).toHaveLength(2);
    }, [1, 2, 1]);
    const get = () => api.ask('GET', `/posts/${post.post_id}`, { token: reader.token });
    expect((await get()).body).toMatchObject({ likes: 0 });
    await api.ask('POST', `/posts/${post.post_id}/like`, { token: reader.token });
    expect((await get()).body).toMatchObject({ likes: 1 });
  });

  test('have a bound: the entry used longest ago makes room', async () => {
    const small = await startApi(ground, { CACHE_MAX_ENTRIES: 2 });
    try {
      const ids: string[] = [];
      for (const title of ['a', 'b', 'c']) {
        const { body } = await small.ask('POST', '/posts', { token: member.token, body: { title } });
        ids.push(String(body.post_id));
      }
      await ground.redis.call('FLUSHALL');
      const [a, b, c] = ids.map((id) => `audio:cache:post:${id}`) as [string, string, string];
      const stored = (key: string) => eventually(async () => (await ground.redis.call('EXISTS', key)) === 1);
      for (const [index, key] of [a, b].entries()) {
        await small.ask('GET', `/posts/${ids[index]}`, { token: member.token });
        await stored(key);
        await sleep(2);
      }
      await small.ask('GET', `/posts/${ids[0]}`, { token: member.token });
      await sleep(2);
      await small.ask('GET', `/posts/${ids[2]}`, { token: member.token });
      await stored(c);
      expect(await ground.redis.call('EXISTS', b)).toBe(0);
      expect(await ground.redis.call('EXISTS', a)).toBe(1);
      await eventually(async () => (await small.metrics()).get('cache_evictions_total{cache_name="post"}') === 1);
    } finally {
      await small[Symbol.asyncDispose]();
    }
  });

  test('are not needed: without Redis everything works, and /health says that it is degraded', async () => {
    ground.redis.signal('SIGSTOP');
    try {
      expect((await api.ask('GET', '/feed', { token: member.token })).status).toBe(200);
      expect(await api.upload(member, tune)).toMatchObject({ status: 202 });
    } finally {
      ground.redis.signal('SIGCONT');
    }
  });
});

describe('outside services', () => {
  test('find, recommend and remember what was posted and liked', async () => {
    const other = await api.join();
    const title = `saxophone ${Date.now()}`;
    const { body: post } = await api.ask('POST', '/posts', { token: other.token, body: { title } });
    await api.ask('POST', `/posts/${post.post_id}/like`, { token: other.token });
    const ask = async (path: string, token = member.token) => (await api.ask('GET', path, { token })).body;
    await eventually(async () => {
      expect(await ask(`/search?q=${encodeURIComponent(title)}`)).toMatchObject({
        posts: [{ post_id: post.post_id, title }],
      });
      expect((await ask('/recommendations')).post_ids).toContain(post.post_id);
      expect((await ask('/stream', other.token)).activities).toMatchObject([{ verb: 'post', object: post.post_id }]);
    });
    const after = await api.metrics();
    for (const [service, operation] of [
      ['elasticsearch', 'index'],
      ['elasticsearch', 'search'],
      ['gorse', 'insert_feedback'],
      ['gorse', 'recommend'],
      ['stream', 'add_activity'],
      ['stream', 'get_activities'],
    ]) {
      const labels = `service="${service}",operation="${operation}"`;
      expect(after.get(`external_calls_total{${labels},status="success"}`)).toBeGreaterThan(0);
    }
  });

  test('that hang or are gone cost that request alone, and are called once', async () => {
    const labels = 'service="elasticsearch",operation="search"';
    const { elasticsearch } = ground.outside;
    elasticsearch.signal('SIGSTOP');
    await growth([
      `external_calls_total{${labels},status="error"}`,
      `external_call_errors_total{${labels},error_type="timeout"}`,
      requests('GET', '/search', 504, 'EXTERNAL_SERVICE_TIMEOUT'),
    ], async () => {
      const { status, body } = await api.ask('GET', '/search?q=x', { token: member.token });
      expect([status, body.resource]).toEqual([504, 'search']);
    }, [1, 1, 1]);
    elasticsearch.signal('SIGCONT');
    expect((await api.ask('GET', '/search?q=x', { token: member.token })).status).toBe(200);

    const gone = await startApi(ground, {});
    await gone[Symbol.asyncDispose]();
    const lonely = await startNode(new URL('./main.ts', import.meta.url).pathname, {
      DATABASE_URL: ground.postgres.url,
      REDIS_URL: ground.redis.url,
      UPLOAD_DIR: ground.uploads,
      TOKEN_SECRET: 'a secret of the tests',
      ADMIN_TOKEN,
      ...Object.fromEntries(
        ['STREAM_URL', 'GORSE_URL', 'ELASTICSEARCH_URL'].map((name) => [name, 'http://127.0.0.1:1']),
      ),
    });
    try {
      const base = `http://127.0.0.1:${lonely.port}`;
      await eventually(async () => (await fetch(`${base}/health`)).ok);
      const answer = await fetch(`${base}/recommendations`, { headers: { authorization: `Bearer ${member.token}` } });
      expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([
        502,
        'EXTERNAL_SERVICE_FAILED',
      ]);
      expect(await (await fetch(`${base}/metrics`)).text()).toContain(
        'external_call_errors_total{service="gorse",operation="recommend",error_type="connection"} 1',
      );
    } finally {
      await lonely[Symbol.asyncDispose]();
    }
  });
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
    await growth([
      `validation_failures_total{field="bpm",reason="${reason}"}`,
      requests('POST', PATH, 400, 'VALIDATION'),
    ], async () => {
      const { status, body } = await api.upload(member, tune, { bpm });
      expect(status).toBe(400);
      expect(body.fields).toMatchObject([{ field: 'bpm', reason }]);
    }, [1, 1]);
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

  test('that stops half-way is counted, logged, and leaves nothing', async () => {
    const before = (await ledgerOf(ground)).counts.uploads;
    await growth([requests('POST', PATH, 499, 'UPLOAD_INCOMPLETE')], async () => {
      const socket = await half(tune.length * 2, tune);
      await eventually(async () => (await filesLeft()).length === 1);
      socket.destroy();
    }, [1]);
    expect(await filesLeft()).toEqual([]);
    expect((await ledgerOf(ground)).counts.uploads).toBe(before);
    const line = api.log().find(({ error_code }) => error_code === 'UPLOAD_INCOMPLETE');
    expect(line).toMatchObject({ level: 'warn', status: 499, path: PATH, user_id: member.id });
  });

  test('whose length is more than it sends is given up, with an answer', async () => {
    await growth([requests('POST', PATH, 408, 'UPLOAD_STALLED')], async () => {
      const socket = await half(tune.length + 1, tune);
      expect(await answerOn(socket)).toContain('408');
      socket.destroy();
    }, [1]);
    expect(await filesLeft()).toEqual([]);
  });

  test('whose length is less than it sends is answered: the rest is no request', async () => {
    await growth([requests('OTHER', 'unmatched', 400, 'MALFORMED_REQUEST')], async () => {
      const socket = await half(tune.length - 100, tune);
      expect(await answerOn(socket)).toMatch(/ (202|400) /);
      socket.destroy();
    }, [1]);
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

test('every answer counts once, under the template of its path and never what was asked for', async () => {
  const { token } = member;
  await api.ask('GET', '/nothing/here', { token });
  await api.ask('DELETE', '/feed', { token });
  await api.ask('GET', `/posts/${crypto.randomUUID()}`, { token });
  const series = await api.metrics();
  const paths = new Set([...series.keys()].flatMap((key) => /[{,]path="([^"]+)"/.exec(key)?.[1] ?? []));
  expect([...paths].filter((path) => /[0-9a-f]{8}-|nothing/.test(path))).toEqual([]);
  expect(sum(series, 'http_requests_total', 'path="/feed"', 'METHOD_NOT_ALLOWED')).toBe(1);
  // What was no request took no time.
  const malformed = sum(series, 'http_requests_total', 'MALFORMED_REQUEST', 'OTHER');
  expect(sum(series, 'http_requests_total') - malformed).toBe(sum(series, 'http_request_duration_seconds_count'));
});

test('what is wrong with the configuration is said in full, without its secrets', async () => {
  const part = await startNode(new URL('./main.ts', import.meta.url).pathname, {
    DATABASE_URL: 'mysql://u:hidden@db',
    REDIS_URL: '',
    TOKEN_SECRET: 'tiny',
    TIME_SCALE: 'fast',
  });
  expect(await part.exited()).toBe(1);
  for (const said of ['DATABASE_URL is not an address', 'REDIS_URL is not set', 'UPLOAD_DIR is not set']) {
    expect(part.output()).toContain(said);
  }
  expect(part.output()).toContain('TIME_SCALE="fast": is not a number of seconds');
  expect(part.output()).toContain('TOKEN_SECRET must have at least 16 characters');
  expect(part.output()).not.toMatch(/hidden|tiny/);
  await part[Symbol.asyncDispose]();
});
