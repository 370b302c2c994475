/** The books of the audio network, read for an audit: counted from the rows themselves, and from what S3 really holds. */
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { Client } from 'pg';

export interface Store {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface Ledger {
  readonly counts: {
    /** Uploads that were acknowledged, each with its job; jobs can be more, for dead letters that were tried again. */
    readonly uploads: number;
    readonly jobs: number;
    readonly pending: number;
    readonly processing: number;
    readonly done: number;
    readonly dead: number;
    /** Messages in the queue that were no jobs. */
    readonly poison_messages: number;
    readonly letters_open: number;
    readonly users: number;
    readonly posts: number;
    readonly likes: number;
    readonly follows: number;
    /** Uploads without any job, or whose file was gone when its turn came. Must be 0, as everything below. */
    readonly lost: number;
    /** Jobs that ended more than once. */
    readonly processed_twice: number;
    /** Jobs that are over without an ending on record, or have one and are not over. */
    readonly endings_wrong: number;
    /** Dead jobs without a letter. */
    readonly dead_without_letter: number;
    /** Posts whose count of likes differs from their rows. */
    readonly posts_with_wrong_likes: number;
    /** Done jobs whose audio or waveform is not in S3, or whose audio has another size than was sent. */
    readonly objects_missing: number;
    /**
     * Audio in S3 that no done job owns, once no job is under way. Not an error by itself: an attempt may have died between
     * the last byte and the books.
     */
    readonly objects_without_job: number;
  };
  /** The id of every upload that was acknowledged, which is the id of its first job. */
  readonly receipts: readonly string[];
}

/** All in one statement, so that it sees one moment of the database. */
const COUNTS = `
WITH endings AS (SELECT job_id, count(*) AS n FROM job_endings GROUP BY 1)
SELECT
  (SELECT count(*) FROM uploads) AS uploads,
  (SELECT count(*) FROM jobs) AS jobs,
  (SELECT count(*) FROM jobs WHERE status = 'pending') AS pending,
  (SELECT count(*) FROM jobs WHERE status = 'processing') AS processing,
  (SELECT count(*) FROM jobs WHERE status = 'done') AS done,
  (SELECT count(*) FROM jobs WHERE status = 'dead') AS dead,
  (SELECT count(*) FROM dead_letters WHERE job_id IS NULL) AS poison_messages,
  (SELECT count(*) FROM dead_letters WHERE resolved_at IS NULL) AS letters_open,
  (SELECT count(*) FROM users) AS users,
  (SELECT count(*) FROM posts) AS posts,
  (SELECT count(*) FROM likes) AS likes,
  (SELECT count(*) FROM follows) AS follows,
  (SELECT count(*) FROM uploads u WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.upload_id = u.id)
    OR EXISTS (SELECT FROM jobs j WHERE j.upload_id = u.id AND j.reason = 'source_missing')) AS lost,
  (SELECT count(*) FROM endings WHERE n > 1) AS processed_twice,
  (SELECT count(*) FROM jobs j LEFT JOIN endings e ON e.job_id = j.id
    WHERE (j.status IN ('done', 'dead')) <> (e.n IS NOT NULL)) AS endings_wrong,
  (SELECT count(*) FROM jobs j WHERE j.status = 'dead'
    AND NOT EXISTS (SELECT FROM dead_letters l WHERE l.job_id = j.id)) AS dead_without_letter,
  (SELECT count(*) FROM posts p
    WHERE p.likes <> (SELECT count(*) FROM likes l WHERE l.post_id = p.id)) AS posts_with_wrong_likes`;

/** Jobs that have not ended. */
export async function jobsUnderWay(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: string }>(
    `SELECT count(*) AS n FROM jobs WHERE status IN ('pending', 'processing')`,
  );
  return Number(rows[0]?.n);
}

type Counted = Omit<Ledger['counts'], 'objects_missing' | 'objects_without_job'>;

/** Reads the books over an open connection, and the store. Throws the drivers' errors. */
export async function readLedger(client: Client, store: Store): Promise<Ledger> {
  // The books first: an object is there before its job is done, so a job that ends meanwhile is not held against it.
  const { rows } = await client.query<Record<keyof Counted, string>>(COUNTS);
  const { rows: uploads } = await client.query<{ id: string }>('SELECT id FROM uploads ORDER BY id');
  const { rows: done } = await client.query<{ audio_key: string; audio_bytes: string; waveform_key: string }>(
    `SELECT audio_key, audio_bytes, waveform_key FROM jobs WHERE status = 'done'`,
  );
  const objects = await sizesOf(store);
  const owned = new Set(done.map(({ audio_key }) => audio_key));
  const counts = Object.fromEntries(
    Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]),
  ) as Counted;
  const idle = counts.pending + counts.processing === 0;
  const stray = [...objects.keys()].filter((key) => key.startsWith('audio/') && !owned.has(key));
  return {
    counts: {
      ...counts,
      objects_missing: done.filter(
        ({ audio_key, audio_bytes, waveform_key }) =>
          objects.get(audio_key) !== Number(audio_bytes) || !objects.has(waveform_key),
      ).length,
      objects_without_job: idle ? stray.length : 0,
    },
    receipts: uploads.map(({ id }) => id),
  };
}

/** The size of every object; none where there is no bucket yet. */
async function sizesOf({ endpoint, region, bucket, accessKey, secretKey }: Store): Promise<Map<string, number>> {
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  const sizes = new Map<string, number>();
  try {
    let after: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: bucket, ...(after ? { ContinuationToken: after } : {}) });
      const page = await client.send(command);
      for (const { Key, Size } of page.Contents ?? []) if (Key !== undefined) sizes.set(Key, Size ?? 0);
      after = page.NextContinuationToken;
    } while (after !== undefined);
  } catch (error) {
    if ((error as Error).name !== 'NoSuchBucket') throw error;
  } finally {
    client.destroy();
  }
  return sizes;
}
