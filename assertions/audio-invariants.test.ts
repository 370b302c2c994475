import { describe, expect, it } from 'vitest';
import type { Books, Invariant, MetricSample } from '../harness/invariant.ts';
import { totals } from '../harness/testing.ts';
import { jobsAgree, noUploadLost, processedOnce, requestsAgree, uploadsStored } from './audio-invariants.ts';

/** Two uploads, one done and one dead, and books that say so. */
const COUNTS = {
  uploads: 2,
  jobs: 2,
  pending: 0,
  processing: 0,
  done: 1,
  dead: 1,
  poison_messages: 0,
  lost: 0,
  processed_twice: 0,
  endings_wrong: 0,
  dead_without_letter: 0,
  objects_missing: 0,
  objects_without_job: 0,
};
const sample = (name: string, value: number, labels: MetricSample['labels'] = {}): MetricSample => ({
  name,
  labels,
  value,
});
const request = (status: string, value: number, error_code = '') =>
  sample('http_requests_total', value, { method: 'POST', path: '/posts/:post_id/audio', status, error_code });
const METRICS = [
  request('202', 2),
  sample('queue_jobs_submitted_total', 2),
  sample('queue_jobs_completed_total', 1),
  sample('queue_job_failures_total', 1, { reason: 'max_retries_exceeded' }),
  sample('queue_job_failures_total', 0, { reason: 'invalid_audio' }),
];
const LOAD = [
  totals({
    receipts: ['a', 'b'],
    answers: [{ handler: '/posts/:post_id/audio', method: 'POST', status: 202, count: 2 }],
  }),
];
const booksOf = (counts: object = {}, over: Partial<Books> = {}): Books => ({
  load: LOAD,
  metrics: METRICS,
  ledger: { counts: { ...COUNTS, ...counts }, receipts: ['a', 'b'] },
  ...over,
});
/** Judged from the facts as they come back from the journal. */
const judge = (invariant: Invariant, books: Books) =>
  invariant.judge(JSON.parse(JSON.stringify(invariant.observe(books))) as Record<string, unknown>);

describe.each([noUploadLost(), processedOnce(), uploadsStored(), requestsAgree(), jobsAgree()])(
  '$name',
  (invariant) => {
    it('holds where all books agree, and cannot be told without them', () => {
      expect(judge(invariant, booksOf())).toMatchObject({ verdict: 'held' });
      expect(judge(invariant, { load: [], metrics: [], ledger: { counts: {}, receipts: [] } }).verdict).toBe('unknown');
    });
  },
);

describe('is broken', () => {
  it.each<[string, Invariant, Books, string]>([
    [
      'an upload without a row',
      noUploadLost(),
      booksOf({}, { ledger: { counts: COUNTS, receipts: ['a'] } }),
      'forgotten: 1',
    ],
    ['a file that was gone', noUploadLost(), booksOf({ lost: 1 }), 'lost: 1'],
    ['a job that never ended', noUploadLost(), booksOf({ pending: 3 }), 'pending: 3'],
    ['a job that ended twice', processedOnce(), booksOf({ processed_twice: 1 }), 'processed twice: 1'],
    ['a death nobody was told of', processedOnce(), booksOf({ dead_without_letter: 2 }), 'dead without letter: 2'],
    ['a done job that is not in S3', uploadsStored(), booksOf({ objects_missing: 1 }), 'objects missing: 1'],
    [
      'an upload the API did not count',
      requestsAgree(),
      booksOf({}, { metrics: [request('202', 2), sample('queue_jobs_submitted_total', 1)] }),
      'uploads: the drivers were told 2, queue_jobs_submitted_total says 1, the database holds 2',
    ],
    [
      'an answer no driver had',
      requestsAgree(),
      booksOf({}, { metrics: [...METRICS, request('500', 1, 'INTERNAL')] }),
      'POST /posts/:post_id/audio 500: the driver counted 0, http_requests_total says 1',
    ],
    [
      'a done job too many',
      jobsAgree(),
      booksOf({ done: 2 }),
      'queue_jobs_completed_total says 1, the database holds 2 done',
    ],
    [
      'a dead one too few',
      jobsAgree(),
      booksOf({ dead: 0 }),
      'queue_job_failures_total says 1, the database holds 0 dead',
    ],
  ])('by %s', (_, invariant, books, received) => {
    expect(judge(invariant, books)).toMatchObject({ verdict: 'broken', received });
  });
});

it('answers of one status with several error codes are one sum', () => {
  const answers = [{ handler: '/posts/:post_id/audio', method: 'POST', status: 400, count: 5 }];
  const metrics = [request('400', 3, 'VALIDATION'), request('400', 2, 'MALFORMED_REQUEST'), ...METRICS.slice(1)];
  const load = [totals({ receipts: ['a', 'b'], answers })];
  expect(judge(requestsAgree(), booksOf({}, { load, metrics })).verdict).toBe('held');
});

it('messages that were no jobs count among the failures', () => {
  const metrics = [...METRICS, sample('queue_job_failures_total', 1, { reason: 'poison_message' })];
  expect(judge(jobsAgree(), booksOf({ poison_messages: 1 }, { metrics })).verdict).toBe('held');
});
