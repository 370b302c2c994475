/** From the upload to the object in S3, with everything real, and what goes wrong on the way. */
import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../testing.ts';
import {
  ADMIN_TOKEN,
  type Api,
  childrenOf,
  clip,
  type Ground,
  ledgerOf,
  type Member,
  type Service,
  SOUND,
  sound,
  startApi,
  startGround,
  startWorker,
  sum,
} from './testing.ts';
import { mayMount, smallDisk } from './testing-disk.ts';

/** A small disk has to be mounted; where nobody may (not root, or a container without the right) its test is skipped. */
const MAY_MOUNT = await mayMount();

let ground: Ground;
let api: Api;
let member: Member;
let tune: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  [ground, tune] = await Promise.all([startGround(), clip()]);
  api = await startApi(ground);
  member = await api.join();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

/** A worker for one test. */
async function withWorker(settings: Record<string, string | number>, use: (worker: Service) => Promise<void>) {
  const worker = await startWorker(ground, settings);
  try {
    await use(worker);
  } catch (error) {
    throw new Error(`${error}\n${worker.output().slice(-4_000)}`, { cause: error });
  } finally {
    await worker[Symbol.asyncDispose]();
  }
}

const text = (content: string) => new Uint8Array(new TextEncoder().encode(content));
const leftInScratch = () => readdir(`${ground.uploads}/scratch`);

describe('an upload', () => {
  test('is transcoded, drawn and stored, and its id is followed from the request to the worker', async () => {
    await withWorker({}, async (worker) => {
      const accepted = await api.upload(member, tune);
      expect(accepted).toMatchObject({ status: 202, body: { status: 'pending', bytes: tune.length } });
      const job = await api.over(member, accepted.body.job_id);
      expect(job).toMatchObject({ status: 'done', attempts: 1, bpm: 120, reason: null });

      const after = await worker.metrics();
      for (const stage of ['ffmpeg', 'waveform', 's3_upload']) {
        expect(after.get(`audio_processing_duration_seconds_count{stage="${stage}"}`)).toBe(1);
      }
      expect(after.get('queue_jobs_completed_total')).toBe(1);
      expect(after.get('external_calls_total{service="s3",operation="put_object",status="success"}')).toBe(2);
      const correlation = accepted.headers.get('x-correlation-id');
      const lines = worker.log().filter(({ correlation_id }) => correlation_id === correlation);
      expect(lines.map(({ message }) => message)).toEqual(['audio processing started', 'audio processing done']);
      expect(lines[0]).toMatchObject({
        user_id: member.id,
        post_id: accepted.body.post_id,
        audio_file_size: tune.length,
      });
      expect(await ledgerOf(ground)).toMatchObject({ counts: { ...SOUND, uploads: 1, done: 1, dead: 0 } });
      // Its file is not needed any more, nor what it was made into on the way.
      await eventually(async () => !(await readdir(ground.uploads)).some((name) => name.endsWith('.upload')));
      expect(await leftInScratch()).toEqual([]);
    });
  });

  test.each([
    ['a text file called .mp3', () => text('this is not music\n'.repeat(200))],
    ['random bytes', () => new Uint8Array(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251))],
    ['a playlist of other files', () => text('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n')],
  ])('that is %s dies at once as invalid_audio, and the worker goes on', async (_, content) => {
    await withWorker({}, async (worker) => {
      const { body } = await api.upload(member, content());
      expect(await api.over(member, body.job_id)).toMatchObject({
        status: 'dead',
        attempts: 1,
        reason: 'invalid_audio',
      });
      const after = await worker.metrics();
      expect(after.get('audio_processing_failures_total{stage="ffmpeg",reason="invalid_audio"}')).toBe(1);
      expect(after.get('queue_job_failures_total{reason="invalid_audio"}')).toBe(1);
      const next = await api.upload(member, tune);
      expect(await api.over(member, next.body.job_id)).toMatchObject({ status: 'done' });
    });
  });

  test('that is cut short within its file is processed as far as it goes', async () => {
    await withWorker({}, async () => {
      const { body } = await api.upload(member, tune.slice(0, tune.length / 2));
      expect(await api.over(member, body.job_id)).toMatchObject({ status: 'done' });
    });
  });
});

describe('the time limit of ffmpeg', () => {
  // Also where it failed: the next test has its own limit.
  afterEach(() => ground.postgres.query('DELETE FROM settings'));

  test('is kept on the pipeline clock, ends the job after its retries, and is raised live', async () => {
    const silence = await sound('anullsrc=r=22050:cl=mono', ['-t', '7200', '-c:a', 'libmp3lame', '-b:a', '8k']);
    await withWorker({ TIME_SCALE: 60, FFMPEG_TIMEOUT_SECONDS: 30, RETRY_BACKOFF_SECONDS: 1 }, async (worker) => {
      const { body } = await api.upload(member, silence);
      const job = await api.over(member, body.job_id, 30_000);
      expect(job).toMatchObject({ status: 'dead', attempts: 4, reason: 'ffmpeg_timeout', stage: 'ffmpeg' });

      const after = await worker.metrics();
      expect(after.get('audio_processing_failures_total{stage="ffmpeg",reason="ffmpeg_timeout"}')).toBe(4);
      for (const n of [1, 2, 3]) expect(after.get(`audio_processing_retries_total{attempt="${n}"}`)).toBe(1);
      expect(after.get('queue_job_failures_total{reason="max_retries_exceeded"}')).toBe(1);
      // Half a second of ours was thirty of the clock's.
      const spent = after.get('audio_processing_duration_seconds_sum{stage="ffmpeg"}') ?? 0;
      expect(spent).toBeGreaterThanOrEqual(4 * 30);
      const line = worker.log().find(({ error_code }) => error_code === 'ffmpeg_timeout');
      expect(line).toMatchObject({ level: 'error', stage: 'ffmpeg', timeout: 30, audio_file_size: silence.length });
      expect(line?.ffmpeg_duration).toBeGreaterThanOrEqual(30);
      expect(line).toMatchObject({ post_id: body.post_id, user_id: member.id });
      expect(await childrenOf(worker.pid, 'ffmpeg')).toEqual([]);
      expect(await leftInScratch()).toEqual([]);

      const changed = await api.ask('PUT', '/admin/settings', {
        token: ADMIN_TOKEN,
        body: { ffmpeg_timeout_seconds: 3_600 },
      });
      expect(changed).toMatchObject({ status: 200, body: { ffmpeg_timeout_seconds: 3_600 } });
      // The API looks at the queue now and then.
      await eventually(async () => sum(await api.metrics(), 'audio_queue_dlq_jobs', 'max_retries') === 1);
      await api.ask('POST', '/admin/dead-letters/requeue', { token: ADMIN_TOKEN });
      await eventually(async () => {
        const { counts } = await ledgerOf(ground);
        return counts.pending + counts.processing === 0;
      }, 40_000);
      await eventually(async () => sum(await api.metrics(), 'audio_queue_dlq_jobs', 'max_retries') === 0);
      expect((await worker.metrics()).get('queue_jobs_completed_total')).toBe(1);
      expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
    });
  });

  test('ends a child that was stopped, and nothing of it stays', async () => {
    const long = await sound('sine=frequency=440:duration=240', ['-c:a', 'libmp3lame']);
    await withWorker({ FFMPEG_TIMEOUT_SECONDS: 2, MAX_RETRIES: 0 }, async (worker) => {
      const { body } = await api.upload(member, long);
      const [child] = await eventually(async () => {
        const found = await childrenOf(worker.pid, 'ffmpeg');
        return found.length > 0 && found;
      });
      process.kill(child as number, 'SIGSTOP');
      expect(await api.over(member, body.job_id)).toMatchObject({ status: 'dead', reason: 'ffmpeg_timeout' });
      expect(() => process.kill(child as number, 0)).toThrow('ESRCH');
      expect(await leftInScratch()).toEqual([]);
    });
  });
});

test.skipIf(!MAY_MOUNT)(
  'a disk that fills up while ffmpeg writes is disk_full, and the job is done once there is room',
  async () => {
    const long = await sound('anoisesrc=d=20', ['-c:a', 'libmp3lame']);
    await using disk = await smallDisk(`${ground.uploads}/scratch`, '64k');
    await withWorker({ RETRY_BACKOFF_SECONDS: 0.5, MAX_RETRIES: 8 }, async (worker) => {
      const { body } = await api.upload(member, long);
      const failures = () =>
        worker
          .metrics()
          .then((series) => series.get('audio_processing_failures_total{stage="ffmpeg",reason="disk_full"}'));
      await eventually(async () => failures().then((count = 0) => count > 0));
      // The half-written track did not stay to fill the disk.
      expect(await leftInScratch()).toEqual([]);
      // Room enough for a short one: the worker goes on beside the job that does not fit.
      const short = await api.upload(member, tune);
      expect(await api.over(member, short.body.job_id)).toMatchObject({ status: 'done' });
      await disk.grow('16m');
      const job = await api.over(member, body.job_id);
      expect(job).toMatchObject({ status: 'done' });
      expect(job.attempts).toBeGreaterThan(1);
      // No half-written track stayed to fill the disk.
      expect(await leftInScratch()).toEqual([]);
      const line = worker.log().find(({ error_code }) => error_code === 'disk_full');
      expect(line).toMatchObject({ level: 'error', stage: 'ffmpeg', said: expect.stringContaining('No space left') });
      expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
    });
  },
);

describe('a job ends exactly once', () => {
  test('although its worker is killed in the middle, together with its ffmpeg', async () => {
    const long = await sound('sine=frequency=440:duration=180', ['-c:a', 'libmp3lame']);
    const first = await startWorker(ground);
    const { body } = await api.upload(member, long);
    const [child] = await eventually(async () => {
      const found = await childrenOf(first.pid, 'ffmpeg');
      return found.length > 0 && found;
    });
    // One that is stopped would not end by itself.
    process.kill(child as number, 'SIGSTOP');
    first.signal('SIGKILL');
    await first.exited();
    await eventually(() => {
      try {
        process.kill(child as number, 0);
        return false;
      } catch {
        return true;
      }
    });
    expect(await api.job(member, body.job_id)).toMatchObject({ status: 'processing', attempts: 1 });
    await withWorker({}, async (second) => {
      expect(await api.over(member, body.job_id, 40_000)).toMatchObject({ status: 'done', attempts: 2 });
      expect((await second.metrics()).get('audio_processing_retries_total{attempt="1"}')).toBe(1);
      expect((await second.metrics()).get('audio_processing_retry_successes_total{attempt="1"}')).toBe(1);
      expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
      expect(await leftInScratch()).toEqual([]);
    });
    await first[Symbol.asyncDispose]();
  });

  test('although its worker was paused beyond its lease and comes back', async () => {
    const long = await sound('sine=frequency=440:duration=150', ['-c:a', 'libmp3lame']);
    await using first = await startWorker(ground);
    const { body } = await api.upload(member, long);
    // Not before: a worker that is paused while it waits for the database has another story to tell.
    await eventually(async () => (await childrenOf(first.pid, 'ffmpeg')).length > 0);
    first.signal('SIGSTOP');
    await withWorker({}, async () => {
      await api.over(member, body.job_id, 40_000);
      first.signal('SIGCONT');
      await eventually(() => first.log().some(({ message }) => message === 'another worker has taken the job over'));
    });
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });

  test('and a worker that is asked to end puts back what it cannot finish', async () => {
    const long = await sound('sine=frequency=440:duration=240', ['-c:a', 'libmp3lame']);
    const worker = await startWorker(ground, { DRAIN_TIMEOUT_MS: 200 });
    const { body } = await api.upload(member, long);
    await eventually(async () => (await childrenOf(worker.pid, 'ffmpeg')).length > 0);
    worker.signal('SIGTERM');
    expect(await worker.exited()).toBe(0);
    expect(await api.job(member, body.job_id)).toMatchObject({ status: 'pending', attempts: 0 });
    await withWorker({}, async () => {
      expect(await api.over(member, body.job_id, 40_000)).toMatchObject({ status: 'done', attempts: 1 });
    });
  });
});

describe('Redis', () => {
  test('emptied while jobs wait loses none of them', async () => {
    const accepted = await Promise.all(Array.from({ length: 12 }, () => api.upload(member, tune)));
    expect((await api.metrics()).get('audio_queue_pending_jobs')).toBeGreaterThanOrEqual(0);
    await ground.redis.call('FLUSHALL');
    await withWorker({}, async (worker) => {
      for (const { body } of accepted) {
        expect(await api.over(member, body.job_id)).toMatchObject({ status: 'done', attempts: 1 });
      }
      expect(worker.log().filter(({ message }) => String(message).includes('forgotten'))).toHaveLength(12);
      // And while they are worked on.
      const more = await Promise.all(Array.from({ length: 6 }, () => api.upload(member, tune)));
      await ground.redis.call('FLUSHALL');
      for (const { body } of more) expect(await api.over(member, body.job_id)).toMatchObject({ status: 'done' });
    });
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });

  test('holding a message that is no job gets rid of it, with a letter, and the worker goes on', async () => {
    await withWorker({}, async (worker) => {
      await ground.redis.call('XADD', 'audio:jobs', '*', 'job_id', "'; DROP TABLE jobs", 'x', 'y');
      await ground.redis.call('XADD', 'audio:jobs', '*', 'nonsense', '\u0000\u0001');
      await ground.redis.call('XADD', 'audio:jobs', '*', 'job_id', '00000000-0000-4000-8000-000000000000');
      const { body } = await api.upload(member, tune);
      expect(await api.over(member, body.job_id)).toMatchObject({ status: 'done' });
      await eventually(
        async () => (await worker.metrics()).get('queue_job_failures_total{reason="poison_message"}') === 3,
      );
      await eventually(async () => (await api.metrics()).get('audio_queue_dlq_jobs{reason="poison_message"}') === 3);
      expect(worker.log().filter(({ error_code }) => error_code === 'poison_message')).toHaveLength(3);
      expect(await ground.redis.call('XLEN', 'audio:jobs')).toBe(0);
    });
    const discarded = await api.ask('DELETE', '/admin/dead-letters', { token: ADMIN_TOKEN });
    expect(discarded.status).toBe(200);
    await eventually(async () => (await api.metrics()).get('audio_queue_dlq_jobs{reason="poison_message"}') === 0);
  });
});

describe('S3', () => {
  test('that is not there is an s3_error, and the job is done once it is back', async () => {
    ground.s3.signal('SIGSTOP');
    await withWorker({ S3_TIMEOUT_SECONDS: 1, MAX_RETRIES: 20, RETRY_BACKOFF_SECONDS: 0.01 }, async (worker) => {
      const { body } = await api.upload(member, tune);
      const name = 'audio_processing_failures_total{stage="s3_upload",reason="network_timeout"}';
      await eventually(async () => ((await worker.metrics()).get(name) ?? 0) >= 1);
      expect(
        (await worker.metrics()).get(
          'external_call_errors_total{service="s3",operation="put_object",error_type="timeout"}',
        ),
      ).toBeGreaterThanOrEqual(1);
      ground.s3.signal('SIGCONT');
      expect(await api.over(member, body.job_id)).toMatchObject({ status: 'done' });
    });
    const refused = { S3_ENDPOINT_URL: 'http://127.0.0.1:1', MAX_RETRIES: 1 };
    await withWorker(refused, async (worker) => {
      const { body } = await api.upload(member, tune);
      expect(await api.over(member, body.job_id)).toMatchObject({ status: 'dead', reason: 's3_error', attempts: 2 });
      expect((await worker.metrics()).get('audio_processing_failures_total{stage="s3_upload",reason="s3_error"}')).toBe(
        2,
      );
    });
    await withWorker({ S3_SECRET_KEY: 'wrong', MAX_RETRIES: 0 }, async (worker) => {
      const { body } = await api.upload(member, tune);
      await api.over(member, body.job_id);
      expect(worker.log().find(({ error_code }) => error_code === 's3_error')).toMatchObject({
        s3_code: 'SignatureDoesNotMatch',
        error_type: 'client_error',
      });
    });
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });
});

test('the database gone for a while costs time and nothing else', async () => {
  await withWorker({}, async () => {
    const { body } = await api.upload(member, tune);
    ground.postgres.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    ground.postgres.signal('SIGCONT');
    expect(await api.over(member, body.job_id, 40_000)).toMatchObject({ status: 'done' });
    expect((await ledgerOf(ground)).counts).toMatchObject(SOUND);
  });
});

test('the ledger notices what it is there for', async () => {
  const client = new Client({ connectionString: ground.postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM jobs WHERE status = 'done' LIMIT 1`);
    await client.query(`INSERT INTO job_endings (job_id, ended_as, attempt) VALUES ($1, 'done', 9)`, [rows[0]?.id]);
    await client.query(`UPDATE jobs SET audio_key = 'audio/nowhere.m4a' WHERE id = $1`, [rows[0]?.id]);
    expect((await ledgerOf(ground)).counts).toMatchObject({ ...SOUND, processed_twice: 1, objects_missing: 1 });
  } finally {
    await client.end();
  }
});
