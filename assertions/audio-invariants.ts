/** Claims about the audio network's own data that no fault may break: its database, and what S3 really holds. */
import type { Invariant } from '../harness/invariant.ts';
import { answersIn, differingAnswers, invariant, number, receiptsIn, sumOf, zeroes } from './books.ts';

/** Every upload that somebody was told of is in the books, and has come to an end. Holds across crashes. */
export const noUploadLost = (): Invariant =>
  invariant(
    'no upload is lost',
    'every acknowledged upload is in the database, its file was there when its turn came, and its job has ended',
    (books) => {
      const { lost: forgotten, ...receipts } = receiptsIn(books);
      return { ...receipts, forgotten, ...pick(books.ledger.counts, ['uploads', 'lost', 'pending', 'processing']) };
    },
    (facts) => zeroes(facts, ['forgotten', 'lost', 'pending', 'processing']),
    (facts) => `${facts.acknowledged} acknowledged, ${facts.uploads} in the database, all of them ended`,
  );

/** Every job ends once: as done, or as dead with a letter. */
export const processedOnce = (): Invariant =>
  invariant(
    'no upload is processed twice',
    'every job has one ending, and every dead one a letter',
    ({ ledger }) => pick(ledger.counts, ['jobs', 'done', 'dead', ...ENDINGS]),
    (facts) => zeroes(facts, ENDINGS),
    (facts) => `${facts.jobs} jobs: ${facts.done} done, ${facts.dead} dead`,
  );

const ENDINGS = ['processed_twice', 'endings_wrong', 'dead_without_letter'];

/** What is done can be played: its audio and its waveform are in S3, whole. */
export const uploadsStored = (): Invariant =>
  invariant(
    'every done job is in S3',
    'the audio of every done job is in S3 in the size that was sent, and its waveform beside it',
    ({ ledger }) => pick(ledger.counts, ['done', 'objects_missing', 'objects_without_job']),
    (facts) => zeroes(facts, ['objects_missing']),
    (facts) => `${facts.done} done, all in S3`,
  );

/**
 * What the drivers counted, what the API's /metrics say and what the database holds agree to the unit. Only for runs in
 * which the API's process lives throughout: its counters start at zero with it.
 */
export const requestsAgree = (): Invariant =>
  invariant(
    'the counts of requests agree to the unit',
    'drivers = http_requests_total, and uploads acknowledged = queue_jobs_submitted_total = rows in the database',
    (books) => ({
      requests: answersIn(books),
      differences: differingAnswers(books, { handler: 'path', status: 'status' }),
      acknowledged: books.load.reduce((sum, totals) => sum + totals.receipts.length, 0),
      submitted: sumOf(books.metrics, 'queue_jobs_submitted_total'),
      stored: books.ledger.counts.uploads ?? null,
    }),
    (facts) => {
      const { differences, acknowledged } = facts;
      const [submitted, stored] = [number(facts, 'submitted'), number(facts, 'stored')];
      if (!Array.isArray(differences) || submitted === undefined || stored === undefined) return undefined;
      const uploads =
        acknowledged === submitted && submitted === stored
          ? []
          : [
              `uploads: the drivers were told ${acknowledged}, queue_jobs_submitted_total says ${submitted}, the database holds ${stored}`,
            ];
      return [...(differences as string[]), ...uploads];
    },
    (facts) => `${facts.requests} requests and ${facts.stored} uploads agree`,
  );

/** What the worker's /metrics say of jobs, and what the database holds. Only where the worker's process lives throughout. */
export const jobsAgree = (): Invariant =>
  invariant(
    'the counts of jobs agree to the unit',
    'queue_jobs_completed_total = done jobs in the database, and queue_job_failures_total = dead ones',
    ({ metrics, ledger: { counts } }) => ({
      completed: sumOf(metrics, 'queue_jobs_completed_total'),
      done: counts.done ?? null,
      failed: sumOf(metrics, 'queue_job_failures_total'),
      dead: counts.dead === undefined ? null : counts.dead + (counts.poison_messages ?? 0),
    }),
    (facts) => {
      const { completed, done, failed, dead } = facts;
      if ([completed, done, failed, dead].includes(null)) return undefined;
      return [
        ...(completed === done
          ? []
          : [`queue_jobs_completed_total says ${completed}, the database holds ${done} done`]),
        ...(failed === dead ? [] : [`queue_job_failures_total says ${failed}, the database holds ${dead} dead`]),
      ];
    },
    (facts) => `${facts.done} done and ${facts.dead} dead agree`,
  );

const pick = (counts: Readonly<Record<string, number>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, counts[name] ?? null]));
