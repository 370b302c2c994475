/** From an accepted upload to a stored one: the queue, the stages, what fails there, and what is tried again. */
import { gauge, orZero, rate } from '../parts.ts';
import { audioDashboard, BOTH, percentiles, perMinute } from './common.ts';

const failures = (more = ''): string => rate('audio_processing_failures_total', more);
const retries = (more = ''): string => rate('audio_processing_retries_total', more);
const ended = `sum(${rate('queue_job_duration_seconds_count', 'stage="total"')})`;
/** Jobs that ended as dead; a message that was no job never was one. */
const dead = orZero(`sum(${rate('queue_job_failures_total', 'reason!="poison_message"')})`, ended);
const retried = `sum by (attempt) (${rate('queue_job_retries_total')})`;
const saved = `sum by (attempt) (${rate('audio_processing_retry_successes_total')})`;

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
      description:
        'Share of the retries after which the job was done, by which retry it is; 100% where there are none.',
      unit: 'percentunit',
      // A retry begins and ends at different times, so that a moment's share can leave 0 to 1.
      queries: [
        { legend: 'Retry {{attempt}}', expr: `clamp_max(${saved} / (${retried} > 0), 1) or 1 + 0 * ${retried}` },
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
        { legend: 'Success', expr: perMinute(`(${ended} - (${dead}))`) },
        { legend: 'Failed', expr: perMinute(`(${dead})`) },
      ],
    },
  ],
);
