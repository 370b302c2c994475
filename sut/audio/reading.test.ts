/** What members read, from caches and outside services, and what is left without these. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startNode } from '../testing.ts';
import {
  ADMIN_TOKEN,
  type Api,
  clip,
  type Ground,
  growth,
  type Member,
  requests,
  startApi,
  startGround,
} from './testing.ts';

let ground: Ground;
let api: Api;
let member: Member;
let tune: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  [ground, tune] = await Promise.all([startGround(), clip()]);
  api = await startApi(ground, { EXTERNAL_TIMEOUT_MS: 400 });
  member = await api.join();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

describe('the caches', () => {
  test('answer the second time, and forget what is no longer true', async () => {
    const reader = await api.join();
    const { body: post } = await api.ask('POST', '/posts', { token: reader.token, body: { title: 'old' } });
    const read = async () => (await api.ask('GET', '/feed', { token: reader.token })).body.posts as unknown[];
    await growth(
      api,
      [
        'cache_hits_total{cache_name="feed"}',
        'cache_misses_total{cache_name="feed"}',
        'cache_invalidations_total{reason="post_created",resource_type="feed"}',
      ],
      async () => {
        expect(await read()).toHaveLength(1);
        await eventually(async () => (await ground.redis.call('EXISTS', `audio:cache:feed:${reader.id}`)) === 1);
        expect(await read()).toHaveLength(1);
        await api.ask('POST', '/posts', { token: reader.token, body: { title: 'new' } });
        expect(await read()).toHaveLength(2);
      },
      [1, 2, 1],
    );
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
    await growth(
      api,
      [
        `external_calls_total{${labels},status="error"}`,
        `external_call_errors_total{${labels},error_type="timeout"}`,
        requests('GET', '/search', 504, 'EXTERNAL_SERVICE_TIMEOUT'),
      ],
      async () => {
        const { status, body } = await api.ask('GET', '/search?q=x', { token: member.token });
        expect([status, body.resource]).toEqual([504, 'search']);
      },
      [1, 1, 1],
    );
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
