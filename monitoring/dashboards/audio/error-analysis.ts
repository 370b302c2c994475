/** What goes wrong for clients, cut in every direction an incident is looked at from. */
import { orZero, rate } from '../parts.ts';
import { API, audioDashboard, errors, requests, shares } from './common.ts';

const by = (label: string): string => `sum by (${label}) (${errors()})`;
const counted = (status: string): string => orZero(`sum(${errors(`status=~"${status}"`)})`, requests);
const handlers = rate('handler_errors_total');

export const errorAnalysis = audioDashboard(
  {
    uid: 'audio-error-analysis',
    title: 'Error Analysis',
    description: 'Which errors, where, since when, and whose?',
    jobs: API,
    presence: 'http_requests_total',
  },
  [
    {
      title: 'Top 10 most common errors',
      description: 'Errors per second by endpoint and code; the ten most frequent.',
      unit: 'cps',
      look: 'ranking',
      queries: [{ legend: '{{endpoint}}: {{error_code}}', expr: by('endpoint, error_code') }],
    },
    {
      title: 'Error rate by error code',
      description: 'Errors per second by what they are.',
      unit: 'cps',
      queries: [{ legend: '{{error_code}}', expr: by('error_code') }],
    },
    {
      title: 'Error rate by endpoint',
      description: 'Errors per second by where they are.',
      unit: 'cps',
      queries: [{ legend: '{{endpoint}}', expr: by('endpoint') }],
    },
    {
      title: 'Error rate over time',
      description: 'Errors per second: failures of ours (5xx) and refusals (4xx).',
      unit: 'cps',
      queries: [
        { legend: 'All', expr: counted('.+') },
        { legend: '5xx', expr: counted('5..') },
        { legend: '4xx', expr: counted('4..') },
      ],
    },
    {
      title: 'Top error codes (last hour)',
      description:
        'What went wrong in the last hour, whatever the dashboard shows: errors per second; the ten most frequent.',
      unit: 'cps',
      look: 'ranking',
      over: '1h',
      queries: [{ legend: '{{error_code}}', expr: by('error_code') }],
    },
    {
      title: 'Error distribution',
      description: 'Share of all errors that each handler has.',
      unit: 'percentunit',
      look: 'parts',
      queries: [{ legend: '{{handler}}', expr: shares(`sum by (handler) (${handlers})`, `sum(${handlers})`) }],
    },
    {
      title: 'Validation errors by field',
      description: 'Requests per second refused for a field that is not as it must be.',
      unit: 'cps',
      queries: [
        { legend: 'All', expr: orZero(`sum(${errors('field=~".+"')})`, requests) },
        { legend: '{{field}}', expr: `sum by (field) (${errors('field=~".+"')})` },
      ],
    },
    {
      title: 'Security events (401/403)',
      description:
        'Requests per second that are denied: without or with wrong credentials (401), without the right (403). AudioCredentialStuffing pages at a fifth of all requests.',
      unit: 'cps',
      queries: [
        { legend: '401', expr: counted('401') },
        { legend: '403', expr: counted('403') },
      ],
    },
  ],
);
