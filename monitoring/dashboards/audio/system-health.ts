/** What the processes themselves use; ffmpeg is a process of its own and not among them. */
import { gauge, rate } from '../parts.ts';
import { audioDashboard, BOTH } from './common.ts';

const INSTANCE = '{{instance}}';

export const systemHealth = audioDashboard(
  {
    uid: 'audio-system-health',
    title: 'System Health',
    description: 'What do the API and the worker use, and since when do they run?',
    jobs: BOTH,
    presence: 'nodejs_active_resources_total',
  },
  [
    {
      title: 'Active resources (goroutine count)',
      description:
        "What keeps the event loop busy: open sockets, timers, files and children. Node's nearest to goroutines.",
      unit: 'short',
      queries: [{ legend: INSTANCE, expr: gauge('nodejs_active_resources_total') }],
    },
    {
      title: 'Memory usage',
      description: 'Resident memory. It must not grow with the size of uploads.',
      unit: 'bytes',
      queries: [{ legend: INSTANCE, expr: gauge('process_resident_memory_bytes') }],
    },
    {
      title: 'GC pause time',
      description: 'Share of its time that each process stands still to collect garbage.',
      unit: 'percentunit',
      queries: [
        {
          legend: '{{instance}} {{kind}}',
          expr: `sum by (instance, kind) (${rate('nodejs_gc_duration_seconds_sum')})`,
        },
      ],
    },
    {
      title: 'Uptime',
      description: 'How long each process has run; it falls to 0 with a restart.',
      unit: 's',
      queries: [{ legend: INSTANCE, expr: `time() - ${gauge('process_start_time_seconds')}` }],
    },
    {
      title: 'CPU usage',
      description: 'CPU time used per second; 100% is one core. What ffmpeg uses is not in it.',
      unit: 'percentunit',
      queries: [{ legend: INSTANCE, expr: `sum by (instance) (${rate('process_cpu_seconds_total')})` }],
    },
    {
      title: 'Open file descriptors',
      description: 'Open files and sockets. A steady climb is a leak.',
      unit: 'short',
      queries: [{ legend: INSTANCE, expr: gauge('process_open_fds') }],
    },
  ],
);
