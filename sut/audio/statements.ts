/** Every statement the API and the worker send, with its labels. */
import type { Statement } from '../telemetry/postgres.ts';

export const apiStatements = {
  register: {
    name: 'register',
    text: `INSERT INTO users (email, password_hash) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING RETURNING id`,
    queryType: 'insert',
    table: 'users',
  },
  userByEmail: {
    name: 'user_by_email',
    text: 'SELECT id, password_hash FROM users WHERE email = $1',
    queryType: 'select',
    table: 'users',
  },
  createPost: {
    name: 'create_post',
    text: 'INSERT INTO posts (user_id, title) SELECT id, $2 FROM users WHERE id = $1 RETURNING id, created_at',
    queryType: 'insert',
    table: 'posts',
  },
  post: {
    name: 'post',
    text: `SELECT id AS post_id, user_id, title, likes, created_at FROM posts WHERE id = $1`,
    queryType: 'select',
    table: 'posts',
  },
  /** The newest posts of those a user follows, and the user's own. */
  feed: {
    name: 'feed',
    text: `SELECT p.id AS post_id, p.user_id, p.title, p.likes, p.created_at FROM posts p
           WHERE p.user_id = $1 OR p.user_id IN (SELECT followed FROM follows WHERE follower = $1)
           ORDER BY p.created_at DESC LIMIT 50`,
    queryType: 'select',
    table: 'posts',
  },
  followers: {
    name: 'followers',
    text: 'SELECT follower FROM follows WHERE followed = $1 LIMIT 1000',
    queryType: 'select',
    table: 'follows',
  },
  /** No row where there is no such user; `added` says whether it is new. */
  follow: {
    name: 'follow',
    text: `WITH there AS (SELECT id FROM users WHERE id = $2),
             added AS (INSERT INTO follows (follower, followed) SELECT $1, id FROM there ON CONFLICT DO NOTHING RETURNING 1)
           SELECT EXISTS (SELECT FROM added) AS added FROM there`,
    queryType: 'insert',
    table: 'follows',
  },
  like: {
    name: 'like_post',
    text: `WITH there AS (SELECT id FROM posts WHERE id = $2),
             added AS (INSERT INTO likes (user_id, post_id) SELECT $1, id FROM there ON CONFLICT DO NOTHING RETURNING post_id),
             counted AS (UPDATE posts SET likes = likes + 1 WHERE id IN (SELECT post_id FROM added))
           SELECT EXISTS (SELECT FROM added) AS added FROM there`,
    queryType: 'insert',
    table: 'likes',
  },
  /** Whether the post has an audio, or one under way. */
  hasAudio: {
    name: 'has_audio',
    text: `SELECT 1 FROM jobs WHERE post_id = $1 AND status <> 'dead'`,
    queryType: 'select',
    table: 'jobs',
  },
  /** The acknowledgement of an upload: from here on it is not lost. No row where the post got its audio meanwhile. */
  acceptUpload: {
    name: 'accept_upload',
    text: `WITH upload AS (
             INSERT INTO uploads (id, post_id, user_id, bytes, bpm) SELECT $1, $2, $3, $4, $5
             WHERE NOT EXISTS (SELECT FROM jobs WHERE post_id = $2 AND status <> 'dead') RETURNING id)
           INSERT INTO jobs (id, upload_id, post_id, correlation_id, dispatch_at)
           SELECT id, id, $2, $6, clock_timestamp() + interval '1 second' FROM upload RETURNING id`,
    queryType: 'insert',
    table: 'jobs',
  },
  /** Remembers where in the stream it is. */
  dispatched: {
    name: 'dispatched',
    text: `UPDATE jobs SET entry_id = $2 WHERE id = $1 AND entry_id IS NULL AND status = 'pending'`,
    queryType: 'update',
    table: 'jobs',
  },
  job: {
    name: 'job',
    text: `SELECT j.id AS job_id, j.post_id, u.user_id, j.status, j.attempts, j.stage, j.reason, u.bpm, u.bytes,
             j.audio_key, j.waveform_key, j.created_at, j.ended_at
           FROM jobs j JOIN uploads u ON u.id = j.upload_id WHERE j.id = $1`,
    queryType: 'select',
    table: 'jobs',
  },
  queue: {
    name: 'queue_state',
    text: `SELECT CASE WHEN status = 'processing' THEN 'processing' WHEN attempts = 0 THEN 'waiting' ELSE 'retrying' END AS status,
             count(*)::integer AS jobs FROM jobs WHERE status IN ('pending', 'processing') GROUP BY 1`,
    queryType: 'select',
    table: 'jobs',
  },
  openLetters: {
    name: 'open_letters',
    text: 'SELECT reason, count(*)::integer AS letters FROM dead_letters WHERE resolved_at IS NULL GROUP BY 1',
    queryType: 'select',
    table: 'dead_letters',
  },
  listLetters: {
    name: 'list_letters',
    text: `SELECT id, job_id, reason, stage, payload, created_at FROM dead_letters
           WHERE resolved_at IS NULL ORDER BY id LIMIT 500`,
    queryType: 'select',
    table: 'dead_letters',
  },
  discardLetters: {
    name: 'discard_letters',
    text: `WITH gone AS (
             UPDATE dead_letters SET resolution = 'discarded', resolved_at = clock_timestamp() WHERE resolved_at IS NULL
             RETURNING job_id)
           SELECT (SELECT count(*)::integer FROM gone) AS letters, ARRAY(SELECT j.upload_id FROM gone JOIN jobs j ON j.id = gone.job_id) AS uploads`,
    queryType: 'update',
    table: 'dead_letters',
  },
  /** Each open letter of a job becomes a new job of the same upload, unless its post has got an audio since. */
  requeueLetters: {
    name: 'requeue_letters',
    text: `WITH open AS (
             SELECT DISTINCT ON (j.post_id) l.id, j.upload_id, j.post_id, j.correlation_id FROM dead_letters l JOIN jobs j ON j.id = l.job_id
             WHERE l.resolved_at IS NULL AND NOT EXISTS (SELECT FROM jobs o WHERE o.post_id = j.post_id AND o.status <> 'dead')
             ORDER BY j.post_id, l.id DESC),
           resolved AS (
             UPDATE dead_letters SET resolution = 'requeued', resolved_at = clock_timestamp()
             WHERE id IN (SELECT id FROM open) AND resolved_at IS NULL RETURNING id)
           INSERT INTO jobs (id, upload_id, post_id, correlation_id)
           SELECT gen_random_uuid(), upload_id, post_id, correlation_id FROM open WHERE id IN (SELECT id FROM resolved)
           ON CONFLICT DO NOTHING RETURNING id`,
    queryType: 'insert',
    table: 'jobs',
  },
  settings: { name: 'settings', text: 'SELECT name, value FROM settings', queryType: 'select', table: 'settings' },
  setSetting: {
    name: 'set_setting',
    text: `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    queryType: 'insert',
    table: 'settings',
  },
} as const satisfies Record<string, Statement>;

/** The fence: who no longer holds the lease of this attempt changes nothing. */
const HELD = `id = $1 AND status = 'processing' AND owner = $2 AND attempts = $3`;

export const workerStatements = {
  /**
   * Takes a job: one row, whose `outcome` is 'claimed', 'busy' (another worker holds it) or 'ended'; no row where there is
   * no such job. A lease that ran out belongs to nobody.
   */
  claim: {
    name: 'claim',
    text: `WITH claimed AS (
             UPDATE jobs SET status = 'processing', attempts = attempts + 1, owner = $2, stage = NULL,
               lease_until = clock_timestamp() + make_interval(secs => $3::double precision / 1000)
             WHERE id = $1 AND (status = 'pending' OR (status = 'processing' AND lease_until < clock_timestamp()))
             RETURNING id, upload_id, post_id, correlation_id, attempts, created_at)
           SELECT 'claimed' AS outcome, c.id, c.upload_id, c.post_id, u.user_id, c.correlation_id, c.attempts, u.bytes::double precision AS bytes,
             extract(epoch FROM clock_timestamp() - c.created_at)::double precision * 1000 AS waited_ms
           FROM claimed c JOIN uploads u ON u.id = c.upload_id
           UNION ALL
           SELECT CASE WHEN status IN ('done', 'dead') THEN 'ended' ELSE 'busy' END, id, upload_id, post_id, NULL, correlation_id, attempts, 0, 0
           FROM jobs WHERE id = $1 AND NOT EXISTS (SELECT FROM claimed)`,
    queryType: 'update',
    table: 'jobs',
  },
  renew: {
    name: 'renew',
    text: `UPDATE jobs SET lease_until = clock_timestamp() + make_interval(secs => $4::double precision / 1000)
           WHERE ${HELD} RETURNING id`,
    queryType: 'update',
    table: 'jobs',
  },
  /** Its row says how long the job took from its upload on. */
  finish: {
    name: 'finish',
    text: `WITH ended AS (
             UPDATE jobs SET status = 'done', owner = NULL, lease_until = NULL, entry_id = NULL, reason = NULL, stage = NULL,
               audio_key = $4, audio_bytes = $5, waveform_key = $6, ended_at = clock_timestamp()
             WHERE ${HELD} RETURNING id, attempts, created_at),
           ending AS (INSERT INTO job_endings (job_id, ended_as, attempt) SELECT id, 'done', attempts FROM ended)
           SELECT extract(epoch FROM clock_timestamp() - created_at)::double precision * 1000 AS took_ms FROM ended`,
    queryType: 'update',
    table: 'jobs',
  },
  /** Back into the queue, after a pause. */
  retry: {
    name: 'retry',
    text: `UPDATE jobs SET status = 'pending', owner = NULL, lease_until = NULL, entry_id = NULL, reason = $4, stage = $5,
             dispatch_at = clock_timestamp() + make_interval(secs => $6::double precision / 1000)
           WHERE ${HELD} RETURNING id`,
    queryType: 'update',
    table: 'jobs',
  },
  /** Back into the queue as if it had never been taken: the worker ends. */
  release: {
    name: 'release',
    text: `UPDATE jobs SET status = 'pending', attempts = attempts - 1, owner = NULL, lease_until = NULL, entry_id = NULL,
             dispatch_at = clock_timestamp() WHERE ${HELD} RETURNING id`,
    queryType: 'update',
    table: 'jobs',
  },
  bury: {
    name: 'bury',
    text: `WITH ended AS (
             UPDATE jobs SET status = 'dead', owner = NULL, lease_until = NULL, entry_id = NULL, reason = $4, stage = $5,
               ended_at = clock_timestamp()
             WHERE ${HELD} RETURNING id, attempts, created_at),
           ending AS (INSERT INTO job_endings (job_id, ended_as, attempt) SELECT id, 'dead', attempts FROM ended),
           letter AS (INSERT INTO dead_letters (job_id, reason, stage, payload) SELECT id, $6, $5, $7 FROM ended)
           SELECT extract(epoch FROM clock_timestamp() - created_at)::double precision * 1000 AS took_ms FROM ended`,
    queryType: 'update',
    table: 'jobs',
  },
  /** A message that is no job. The same message twice is one letter. */
  buryMessage: {
    name: 'bury_message',
    text: `INSERT INTO dead_letters (entry_id, reason, payload) VALUES ($1, $2, $3) ON CONFLICT (entry_id) DO NOTHING`,
    queryType: 'insert',
    table: 'dead_letters',
  },
  /**
   * The jobs that are due and that the stream does not know. They come up again in a second, should whoever asks be killed
   * before the stream knows them.
   */
  due: {
    name: 'due',
    text: `UPDATE jobs SET dispatch_at = clock_timestamp() + interval '1 second'
           WHERE id IN (
             SELECT id FROM jobs WHERE entry_id IS NULL AND dispatch_at <= clock_timestamp()
               AND (status = 'pending' OR (status = 'processing' AND lease_until < clock_timestamp()))
             ORDER BY dispatch_at LIMIT 200 FOR UPDATE SKIP LOCKED)
           RETURNING id, correlation_id`,
    queryType: 'update',
    table: 'jobs',
  },
  dispatched: {
    name: 'dispatched_by_worker',
    text: `UPDATE jobs SET entry_id = $2 WHERE id = $1 AND entry_id IS NULL AND status IN ('pending', 'processing')`,
    queryType: 'update',
    table: 'jobs',
  },
  /** Jobs that wait for their entry in the stream, those first that were looked at longest ago. */
  unchecked: {
    name: 'unchecked',
    text: `UPDATE jobs SET checked_at = clock_timestamp()
           WHERE id IN (
             SELECT id FROM jobs WHERE entry_id IS NOT NULL AND checked_at < clock_timestamp() - interval '1 second'
               AND (status = 'pending' OR (status = 'processing' AND lease_until < clock_timestamp()))
             ORDER BY checked_at LIMIT 200 FOR UPDATE SKIP LOCKED)
           RETURNING id, entry_id`,
    queryType: 'update',
    table: 'jobs',
  },
  /** The stream has lost this entry. */
  forgotten: {
    name: 'forgotten',
    text: `UPDATE jobs SET entry_id = NULL, dispatch_at = clock_timestamp() WHERE id = $1 AND entry_id = $2`,
    queryType: 'update',
    table: 'jobs',
  },
  settings: apiStatements.settings,
} as const satisfies Record<string, Statement>;
