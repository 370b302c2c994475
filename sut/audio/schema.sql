-- The books of the audio network. Idempotent: run at every start, by any number of instances (see database.ts).
--
-- A job's state is here and nowhere else: the stream in Redis only says where there may be work. Every step from one state
-- to the next is one guarded statement (statements.ts), so a job ends exactly once, whoever is killed when.

CREATE TABLE IF NOT EXISTS users (
  id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  email         text        NOT NULL UNIQUE,
  password_hash text        NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS posts (
  id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id    uuid        NOT NULL REFERENCES users (id),
  title      text        NOT NULL,
  likes      integer     NOT NULL DEFAULT 0 CHECK (likes >= 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS posts_of_user ON posts (user_id, created_at DESC);

CREATE TABLE IF NOT EXISTS follows (
  follower uuid NOT NULL REFERENCES users (id),
  followed uuid NOT NULL REFERENCES users (id),
  PRIMARY KEY (follower, followed)
);
CREATE INDEX IF NOT EXISTS followers_of ON follows (followed);

CREATE TABLE IF NOT EXISTS likes (
  post_id uuid NOT NULL REFERENCES posts (id),
  user_id uuid NOT NULL REFERENCES users (id),
  PRIMARY KEY (post_id, user_id)
);

-- Every upload that was acknowledged. Never changed: what became of it is its jobs' business.
CREATE TABLE IF NOT EXISTS uploads (
  id         uuid        PRIMARY KEY,
  post_id    uuid        NOT NULL REFERENCES posts (id),
  user_id    uuid        NOT NULL REFERENCES users (id),
  bytes      bigint      NOT NULL CHECK (bytes > 0),
  bpm        double precision NOT NULL CHECK (bpm BETWEEN 40 AND 300),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS jobs (
  id             uuid        PRIMARY KEY,
  -- A dead letter that is tried again is a new job of the same upload.
  upload_id      uuid        NOT NULL REFERENCES uploads (id),
  post_id        uuid        NOT NULL,
  correlation_id text        NOT NULL,
  status         text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'done', 'dead')),
  attempts       integer     NOT NULL DEFAULT 0,
  stage          text,
  reason         text,
  -- Who works on it, and until when nobody else may. With the attempt it is the fence around every later step.
  owner          text,
  lease_until    timestamptz,
  -- The stream's entry; NULL where the stream does not know of it yet, or no longer.
  entry_id       text,
  -- Not before then into the stream: the pause before a retry.
  dispatch_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  checked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at       timestamptz,
  audio_key      text,
  audio_bytes    bigint,
  waveform_key   text,
  CHECK ((status = 'processing') = (owner IS NOT NULL AND lease_until IS NOT NULL)),
  CHECK ((status IN ('done', 'dead')) = (ended_at IS NOT NULL)),
  CHECK (status <> 'done' OR audio_key IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS jobs_under_way ON jobs (status, dispatch_at) WHERE status IN ('pending', 'processing');
-- A post has one audio; a job that died leaves room for another upload.
CREATE UNIQUE INDEX IF NOT EXISTS one_audio_a_post ON jobs (post_id) WHERE status <> 'dead';

-- One row for each time a job ended. Nothing here forbids a second one: that there is none is what an audit finds out.
CREATE TABLE IF NOT EXISTS job_endings (
  job_id   uuid        NOT NULL REFERENCES jobs (id),
  ended_as text        NOT NULL CHECK (ended_as IN ('done', 'dead')),
  attempt  integer     NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS endings_of_job ON job_endings (job_id);

-- What could not be done, for a person to look at. The stream audio:dead announces each; this is what counts.
CREATE TABLE IF NOT EXISTS dead_letters (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- NULL for a message that was no job.
  job_id      uuid        REFERENCES jobs (id),
  entry_id    text        UNIQUE,
  reason      text        NOT NULL,
  stage       text,
  payload     text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- 'requeued' or 'discarded', once somebody has seen to it.
  resolution  text,
  resolved_at timestamptz
);
CREATE INDEX IF NOT EXISTS letters_open ON dead_letters (reason) WHERE resolved_at IS NULL;

CREATE TABLE IF NOT EXISTS settings (
  name  text             PRIMARY KEY,
  value double precision NOT NULL
);
