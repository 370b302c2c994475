import { describe, expect, test } from 'vitest';
import type { Ask, JourneyFunction } from '../../journey.ts';
import { play } from '../testing.ts';
import { careless } from './careless.ts';
import { clip, noise } from './clips.ts';
import { intruder, trespasser } from './intruder.ts';
import { listener } from './listener.ts';
import { corruptUploader, longUploader, uploader } from './uploader.ts';

const POST = 'f00';
/** A network in which all goes well. */
const well = (ask: Ask): [number, unknown] => {
  switch (ask.handler) {
    case '/register':
      return [201, { token: 'session' }];
    case '/login':
      return [200, { token: 'session again' }];
    case '/posts':
      return [201, { post_id: POST }];
    case '/posts/:post_id/audio':
      return [202, { job_id: 'j1' }];
    case '/posts/:post_id':
      return [200, { post_id: POST, user_id: 'author' }];
    case '/search':
      return [200, { posts: [{ post_id: POST }, { post_id: 'bar' }] }];
    default:
      return [200, {}];
  }
};
const but =
  (handler: string, answer: [number, unknown]) =>
  (ask: Ask): [number, unknown] =>
    ask.handler === handler ? answer : well(ask);
const failing = (code: string, status = 500): [number, unknown] => [status, { error_code: code }];

/** The bytes of the third request. */
const sentBy = (journey: JourneyFunction): Buffer => {
  const body = play(journey, well).asked[2]?.body;
  return typeof body === 'object' ? Buffer.from(body) : Buffer.alloc(0);
};

describe('an uploader', () => {
  test('registers, posts, uploads a recording with its session, and keeps the job as a receipt', () => {
    const { outcome, handlers, asked, receipts } = play(uploader, well);
    expect(outcome).toBe('uploaded');
    expect(handlers).toEqual(['/register', '/posts', '/posts/:post_id/audio', '/jobs/:job_id']);
    expect(receipts).toEqual(['j1']);
    expect(asked[2]?.path).toMatch(/^\/posts\/f00\/audio\?bpm=\d+$/);
    expect(asked[2]?.headers).toEqual({ authorization: 'Bearer session', 'content-type': 'audio/wav' });
    expect(sentBy(uploader).length).toBeGreaterThan(176_000);
  });
  test('who has been here before logs in', () => {
    const { outcome, handlers, asked } = play(uploader, but('/register', failing('EMAIL_TAKEN', 409)));
    expect([outcome, handlers[1]]).toEqual(['uploaded', '/login']);
    expect(asked[2]?.headers?.authorization).toBe('Bearer session again');
    expect(asked[1]?.body).toBe(asked[0]?.body);
  });
  test.each([
    ['/register', failing('DATABASE_UNAVAILABLE', 503), 'DATABASE_UNAVAILABLE'],
    ['/register', [201, {}], 'NO_TOKEN'],
    ['/posts', failing('INTERNAL'), 'INTERNAL'],
    ['/posts/:post_id/audio', failing('DISK_FULL', 507), 'DISK_FULL'],
    ['/posts/:post_id/audio', [202, {}], 'NO_JOB'],
  ] as [string, [number, unknown], string][])('whose %s is answered %j has no receipt', (handler, answer, outcome) => {
    expect(play(uploader, but(handler, answer))).toMatchObject({ outcome, receipts: [] });
  });
  test('whose status cannot be read has its receipt all the same', () => {
    const { outcome, receipts } = play(uploader, but('/jobs/:job_id', failing('INTERNAL')));
    expect([outcome, receipts]).toEqual(['INTERNAL', ['j1']]);
  });
  test('of long recordings sends 30 MB, a corrupt one what is no recording', () => {
    expect(sentBy(longUploader).length).toBe(29_988_044);
    expect(sentBy(corruptUploader).toString('latin1', 0, 4)).not.toBe('RIFF');
  });
});

describe('a listener', () => {
  const visits = Array.from({ length: 100 }, (_, number) => play(listener, well, number));
  test('searches, reads what was found, and comes back to the feed four times', () => {
    for (const { outcome, handlers } of visits) {
      expect(outcome).toBe('listened');
      expect(handlers.filter((handler) => handler === '/posts/:post_id')).toHaveLength(2);
      expect(handlers.filter((handler) => handler === '/feed')).toHaveLength(4);
    }
  });
  test('does a little of everything the network has', () => {
    const seen = new Set(visits.flatMap(({ handlers }) => handlers));
    expect([...seen].sort()).toEqual([
      '/feed',
      '/login',
      '/posts',
      '/posts/:post_id',
      '/posts/:post_id/like',
      '/recommendations',
      '/register',
      '/search',
      '/stream',
      '/users/:user_id/follow',
    ]);
  });
  test('without search still reads the feed, and says what failed', () => {
    const { outcome, handlers } = play(listener, but('/search', failing('EXTERNAL_SERVICE_FAILED', 502)));
    expect(outcome).toBe('EXTERNAL_SERVICE_FAILED');
    expect(handlers).toContain('/feed');
    expect(handlers).not.toContain('/posts/:post_id');
  });
  test('does not mind having liked or followed before', () => {
    const twice = (ask: Ask): [number, unknown] =>
      /like|follow/.test(ask.handler) ? failing('ALREADY_LIKED', 409) : well(ask);
    expect(visits.map((_, number) => play(listener, twice, number).outcome)).not.toContain('ALREADY_LIKED');
  });
});

test('a careless member is refused five times, and says so where that does not happen', () => {
  const refusing = (ask: Ask, nth: number): [number, unknown] =>
    nth === 4 || ask.handler === '/posts' ? well(ask) : failing('VALIDATION', 400);
  expect(play(careless, refusing)).toMatchObject({ outcome: 'VALIDATION', receipts: [] });
  expect(play(careless, well).outcome).toBe('HTTP 201');
});

test('an intruder gets in nowhere, and says where a door opens', () => {
  const locked = (): [number, unknown] => failing('CREDENTIALS_INVALID', 401);
  expect(play(intruder, locked).handlers).toEqual([...Array(5).fill('/login'), '/feed']);
  expect(play(intruder, locked).outcome).toBe('CREDENTIALS_INVALID');
  expect(play(intruder, well).outcome).toBe('HTTP 200');
  const fenced = (ask: Ask): [number, unknown] =>
    /admin|audio/.test(ask.handler) ? failing('FORBIDDEN', 403) : well(ask);
  expect(play(trespasser, fenced)).toMatchObject({ outcome: 'FORBIDDEN', receipts: [] });
  expect(play(trespasser, well).outcome).toBe('HTTP 200');
});

describe('a clip', () => {
  test('is a WAV file of its length, the same every time', () => {
    const file = Buffer.from(clip(2));
    expect(file.length).toBe(44 + 2 * 176_400);
    expect([file.toString('latin1', 0, 4), file.toString('latin1', 8, 16)]).toEqual(['RIFF', 'WAVEfmt ']);
    expect([file.readUInt32LE(4), file.readUInt32LE(40)]).toEqual([file.length - 8, file.length - 44]);
    expect(clip(2)).toBe(clip(2));
  });
  test('is noise to its end, which silence would not be', () => {
    const half = Buffer.from(clip(2)).subarray(-1_000);
    expect(new Set(half).size).toBeGreaterThan(200);
    expect(noise(7)).toHaveLength(7);
  });
});
