/** The API over HTTP: who may do what, what is counted, and what a start refuses. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNode } from '../testing.ts';
import {
  type Api,
  type Ground,
  growth,
  ledgerOf,
  type Member,
  requests,
  startApi,
  startGround,
  sum,
} from './testing.ts';

let ground: Ground;
let api: Api;
let member: Member;

beforeAll(async () => {
  ground = await startGround();
  api = await startApi(ground);
  member = await api.join();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

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
    await growth(
      api,
      series,
      async () => {
        const { status, body: answer } = await api.ask('POST', '/register', { body });
        expect(status).toBe(400);
        expect(answer).toMatchObject({ error_code: 'VALIDATION', resource: 'user' });
        expect((answer.fields as { field: string; reason: string }[]).map((f) => [f.field, f.reason])).toEqual(
          problems,
        );
      },
      [1, 1, 1, 1, 1],
    );
  });

  test('with a wrong password, a wrong token, none, or somebody else’s rights are turned away', async () => {
    const wrong = { email: 'nobody@example.com', password: 'correct horse 1' };
    await growth(
      api,
      [
        requests('POST', '/login', 401, 'CREDENTIALS_INVALID'),
        requests('GET', '/feed', 401, 'CREDENTIALS_MISSING'),
        requests('GET', '/feed', 401, 'CREDENTIALS_INVALID'),
        requests('GET', '/admin/settings', 403, 'FORBIDDEN'),
      ],
      async () => {
        expect((await api.ask('POST', '/login', { body: wrong })).status).toBe(401);
        expect((await api.ask('GET', '/feed')).status).toBe(401);
        const [claim, expiry, signature] = member.token.split('.');
        for (const token of ['x', `${claim}.zzzzzzzz.${signature}`, `${claim}.${expiry}.AAAA`]) {
          expect((await api.ask('GET', '/feed', { token })).status).toBe(401);
        }
        expect((await api.ask('GET', '/admin/settings', { token: member.token })).status).toBe(403);
      },
      [1, 1, 3, 1],
    );
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
