/** From an accepted upload to a stored one: the queue, the stages, what fails there, and what is tried again. */
import { gauge, orZero, rate, share } from '../parts.ts';
import { audioDashboard, BOTH, percentiles, perMinute } from './common.ts';

const failures = (more = ''): string => rate('audio_processing_failures_total', more);
const retries = (more = ''): string => rate('audio_processing_retries_total', more);
const ended = `sum(${rate('queue_job_duration_seconds_count', 'stage="total"')})`;
const givenUp = orZero(`sum(${rate('queue_job_failures_total')})`, ended);

export const pipeline = audioDashboard(
  {
    uid: 'audio-pipeline',
    title: 'Audio Pipeline',
    description: 'Do uploads come through, how fast, and what becomes of those that do not?',
    jobs: BOTH,
    presence: 'nodejs_active_resources_total',
  },
  [
    {
      title: 'Queue health (pending, processing, DLQ)',
      description:
        'Jobs that wait, that are worked on, and that were given up. Dashed: AudioQueueBacklogHigh, on pending.',
      unit: 'short',
      threshold: 100,
      queries: [
        // One queue, however many workers report it: the largest report, not their sum.
        { legend: 'Pending', expr: `max(${gauge('audio_queue_pending_jobs')})` },
        { legend: 'Processing', expr: `max(${gauge('audio_queue_processing_jobs')})` },
        { legend: 'DLQ', expr: `sum(max by (reason) (${gauge('audio_queue_dlq_jobs')}))` },
      ],
    },
    {
      title: 'Processing time p50/p95/p99 per stage',
      description: 'How long each stage takes for a file. Dashed: AudioProcessingSlowDown, on p95.',
      unit: 's',
      threshold: 60,
      queries: percentiles('audio_processing_duration_seconds', ['stage']),
    },
    {
      title: 'Failure rate overall and by stage',
      description: 'Attempts per second that failed. Dashed: AudioFailureRateSpiking, on one stage and reason.',
      unit: 'cps',
      threshold: 0.1,
      queries: [
        { legend: 'All', expr: `sum(${failures()})` },
        { legend: '{{stage}}', expr: `sum by (stage) (${failures()})` },
      ],
    },
    {
      title: 'Top failure reasons',
      description: 'What attempts fail with, per second; the most frequent first.',
      unit: 'cps',
      look: 'ranking',
      queries: [{ legend: '{{reason}}', expr: `sum by (reason) (${failures()})` }],
    },
    {
      title: 'Retry rate',
      description: 'Retries begun per second, by which retry of its job it is.',
      unit: 'cps',
      queries: [{ legend: 'Retry {{attempt}}', expr: `sum by (attempt) (${retries()})` }],
    },
    {
      title: 'Retry success rate by attempt',
      description: 'Share of the retries that were the last their job needed; the rest was tried again or given up.',
      unit: 'percentunit',
      queries: [
        { legend: 'Retry 1', expr: succeeded(retried('1'), retried('2')) },
        { legend: 'Retry 2', expr: succeeded(retried('2'), retried('3')) },
        { legend: 'Retry 3', expr: succeeded(retried('3'), givenUp) },
      ],
    },
    {
      title: 'DLQ size',
      description: 'Jobs that were given up and wait for a person, by why. Dashed: DLQAccumulating.',
      unit: 'short',
      threshold: 10,
      queries: [{ legend: '{{reason}}', expr: `max by (reason) (${gauge('queue_dlq_jobs')})` }],
    },
    {
      title: 'Uploads per minute (success, failed)',
      description: 'Uploads accepted per minute, and those whose processing ended, well or given up.',
      unit: 'opm',
      queries: [
        { legend: 'Accepted', expr: perMinute(`sum(${rate('queue_jobs_submitted_total')})`) },
        { legend: 'Success', expr: perMinute(`(${ended} - (${givenUp}))`) },
        { legend: 'Failed', expr: perMinute(`(${givenUp})`) },
      ],
    },
  ],
);

function retried(attempt: string): string {
  return `sum(${rate('queue_job_retries_total', `attempt="${attempt}"`)})`;
}

/** Of what was begun, what did not go on to the next. Retries overlap, so that a moment's share can leave 0 to 1. */
function succeeded(begun: string, next: string): string {
  return `clamp(1 - (${share(`(${next})`, begun)}), 0, 1)`;
}
