/** The search service as the API meets it. */
import { orZero, rate } from '../parts.ts';
import { API, audioDashboard, percentiles } from './common.ts';

const SEARCH = 'service="elasticsearch"';
const calls = rate('external_calls_total', SEARCH);
const errors = rate('external_call_errors_total', SEARCH);

export const searchPerformance = audioDashboard(
  {
    uid: 'audio-search-performance',
    title: 'Search Performance',
    description: 'Does search answer, and how fast?',
    jobs: API,
    presence: 'external_calls_total',
  },
  [
    {
      title: 'Search call rate',
      description: 'Calls to the search service per second, by what is asked of it.',
      unit: 'reqps',
      queries: [{ legend: '{{operation}}', expr: `sum by (operation) (${calls})` }],
    },
    {
      title: 'Search errors by type',
      description:
        'Calls per second that failed, all and by how. AudioExternalServiceFailing warns at a fifth of the calls.',
      unit: 'cps',
      queries: [
        { legend: 'All', expr: orZero(`sum(${errors})`, `sum(${calls})`) },
        { legend: '{{error_type}}', expr: `sum by (error_type) (${errors})` },
      ],
    },
    {
      title: 'Search latency p50/p95/p99',
      description: 'How long calls to the search service take, failed ones included.',
      unit: 's',
      queries: percentiles('external_call_duration_seconds', [], SEARCH),
    },
  ],
);
