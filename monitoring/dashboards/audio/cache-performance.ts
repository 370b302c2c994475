/** Does the cache keep the database free? */
import { rate } from '../parts.ts';
import { API, audioDashboard, percentiles, perMinute } from './common.ts';

const hits = (by: string): string => `sum${by} (${rate('cache_hits_total')})`;
const misses = (by: string): string => `sum${by} (${rate('cache_misses_total')})`;
const hitRate = (by: string): string => `${hits(by)} / (${hits(by)} + ${misses(by)} > 0)`;
const EACH = ' by (cache_name)';

export const cachePerformance = audioDashboard(
  {
    uid: 'audio-cache-performance',
    title: 'Cache Performance',
    description: 'Does the cache keep the database free?',
    jobs: API,
    presence: 'cache_hits_total',
  },
  [
    {
      title: 'Hit rate % overall and per cache',
      description: 'Share of the lookups that found something. Dashed: AudioCacheHitRateLow, below it.',
      unit: 'percentunit',
      threshold: 0.5,
      queries: [
        { legend: 'All', expr: hitRate('') },
        { legend: '{{cache_name}}', expr: hitRate(EACH) },
      ],
    },
    {
      title: 'Hits vs misses',
      description: 'Lookups per second that found something, and that did not.',
      unit: 'ops',
      queries: [
        { legend: 'Hits', expr: hits('') },
        { legend: 'Misses', expr: misses('') },
      ],
    },
    {
      title: 'Evictions per minute',
      description: 'Entries per minute that had to make room for others.',
      unit: 'opm',
      queries: [{ legend: '{{cache_name}}', expr: perMinute(`sum${EACH} (${rate('cache_evictions_total')})`) }],
    },
    {
      title: 'Operation duration p50/p95/p99',
      description: 'How long the cache takes to look up or to store.',
      unit: 's',
      queries: percentiles('cache_operation_duration_seconds'),
    },
    {
      title: 'Invalidations by reason',
      description: 'Entries per second that were thrown away because what they hold has changed.',
      unit: 'cps',
      queries: [{ legend: '{{reason}}', expr: `sum by (reason) (${rate('cache_invalidations_total')})` }],
    },
  ],
);
