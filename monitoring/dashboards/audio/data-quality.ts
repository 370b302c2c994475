/** What people and clients send that cannot be taken. */
import { orZero, rate, share } from '../parts.ts';
import { API, audioDashboard, shares } from './common.ts';

const failures = (more = ''): string => rate('validation_failures_total', more);
const writing = `sum(${rate('http_requests_total', 'method=~"POST|PUT|PATCH"')})`;
const registering = `sum(${rate('http_requests_total', 'method="POST", path=~".*register"')})`;

export const dataQuality = audioDashboard(
  {
    uid: 'audio-data-quality',
    title: 'Data Quality',
    description: 'What is sent that cannot be taken, and why not?',
    jobs: API,
    presence: 'http_requests_total',
  },
  [
    {
      title: 'Top validation failures',
      description: 'Values refused per second by field and reason; the ten most frequent.',
      unit: 'cps',
      look: 'ranking',
      queries: [{ legend: '{{field}}: {{reason}}', expr: `sum by (field, reason) (${failures()})` }],
    },
    {
      title: 'Validation failure rate over time',
      description: 'Values refused per second, all and by reason.',
      unit: 'cps',
      queries: [
        { legend: 'All', expr: orZero(`sum(${failures()})`, writing) },
        { legend: '{{reason}}', expr: `sum by (reason) (${failures()})` },
      ],
    },
    {
      title: 'Most problematic fields',
      description: 'Share of the writing requests refused for each field. AudioValidationFailuresHigh warns at 10%.',
      unit: 'percentunit',
      look: 'ranking',
      queries: [{ legend: '{{field}}', expr: shares(`sum by (field) (${failures()})`, writing) }],
    },
    {
      title: 'Password strength requirements met %',
      description: 'Share of the registrations whose password is long and strong enough.',
      unit: 'percentunit',
      // A password can miss more than one requirement.
      queries: [
        {
          legend: 'Met',
          expr: `clamp_min(1 - (${share(`(${orZero(`sum(${failures('field="password"')})`, registering)})`, registering)}), 0)`,
        },
      ],
    },
  ],
);
