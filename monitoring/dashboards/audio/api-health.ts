/** Is the API well: what it is asked, how fast it answers, what it refuses and where it fails. */
import { orZero, quantile, rate, share } from '../parts.ts';
import { API, audioDashboard, errors, percentiles, requests, shares, VISITORS } from './common.ts';

const answered = (status: string): string =>
  orZero(`sum(${rate('http_requests_total', `${VISITORS}, status=~"${status}"`)})`, requests);

export const apiHealth = audioDashboard(
  {
    uid: 'audio-api-health',
    title: 'API Health',
    description: 'Is the API well, and whom does it fail?',
    jobs: API,
    presence: 'http_requests_total',
  },
  [
    {
      title: 'Request rate',
      description: 'Requests answered per second, health checks left out.',
      unit: 'reqps',
      queries: [
        { legend: 'All', expr: requests },
        { legend: '{{method}}', expr: `sum by (method) (${rate('http_requests_total', VISITORS)})` },
      ],
    },
    {
      title: 'Error rate',
      description:
        'Share of the requests that fail (5xx) and that are refused (4xx). Dashed: AudioHighErrorRate, on 5xx without those of outside services.',
      unit: 'percentunit',
      threshold: 0.05,
      queries: [
        { legend: '5xx', expr: share(`(${answered('5..')})`, requests) },
        { legend: '4xx', expr: share(`(${answered('4..')})`, requests) },
      ],
    },
    {
      title: 'P50/P95/P99 latency',
      description: 'How long clients wait for an answer, uploads included, health checks left out.',
      unit: 's',
      queries: percentiles('http_request_duration_seconds', [], VISITORS),
    },
    {
      title: 'Top slow endpoints',
      description: 'The slowest 5% of the requests to each endpoint take at least this long; the ten longest.',
      unit: 's',
      look: 'ranking',
      queries: [
        {
          legend: '{{method}} {{path}}',
          expr: quantile(0.95, 'http_request_duration_seconds', ['method', 'path'], VISITORS),
        },
      ],
    },
    {
      title: 'Top error endpoints',
      description: 'Where requests fail or are refused, errors per second; the ten worst.',
      unit: 'cps',
      look: 'ranking',
      queries: [{ legend: '{{endpoint}}', expr: `sum by (endpoint) (${errors()})` }],
    },
    {
      title: 'Top error codes',
      description: 'What requests fail with or are refused for, errors per second; the ten most frequent.',
      unit: 'cps',
      look: 'ranking',
      queries: [{ legend: '{{error_code}}', expr: `sum by (error_code) (${errors()})` }],
    },
    {
      title: 'Status code distribution',
      description: 'Share of the answers with each status.',
      unit: 'percentunit',
      look: 'parts',
      queries: [
        {
          legend: '{{status}}',
          expr: shares(`sum by (status) (${rate('http_requests_total', VISITORS)})`, requests),
        },
      ],
    },
  ],
);
