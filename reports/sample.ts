/**
 * A sample run as it would be journaled: the connection pool of the flash sale runs dry at speed 60, about 25 real
 * seconds. Views are built and tested on it. Deterministic; the numbers are made up, the shapes are those of real runs.
 */
import type { EventOf, JournalEvent, Point } from '../harness/journal.ts';
import { at, pressure, randomNumbers, SPEED, STEP_MS, TIMES } from './sample-clock.ts';
import { detectionEvents, judgements, NAMED, type SampleVariant } from './sample-judgements.ts';
import { loadEvents, totals, visits } from './sample-load.ts';
import { ALERTS, PANELS, type SamplePanel } from './sample-system.ts';

/** The whole journal of one sample run. */
export function sampleRun(variant: SampleVariant = 'held'): JournalEvent[] {
  const faulty = variant !== 'quiet';
  const events: JournalEvent[] = [
    runEvent(variant),
    ...services(),
    ...phaseEvents(faulty),
    ...(faulty ? [...faultEvents(), remedyEvent()] : []),
    ...loadEvents(faulty),
    ...(faulty ? visits() : []),
    ...PANELS.flatMap((panel) => panelSamples(panel, faulty)),
    ...(faulty ? alertEvents(variant) : []),
    totals(faulty),
    {
      type: 'observation',
      at: at(TIMES.drained + 60),
      invariant: 'never oversells',
      facts: { stock: 10_000, sold: faulty ? 1_204 : 1_730, oversold: 0, overLimit: 0 },
    },
    ...judgements(variant),
    ...(faulty ? detectionEvents(variant) : []),
  ];
  if (variant === 'broken') {
    events.push({
      type: 'trouble',
      at: at(13_600),
      code: 'PROMETHEUS_UNREACHABLE',
      message: 'GET /api/v1/query timed out after 1 s; asked again and answered (2 of 71 reads).',
    });
  }
  const ordered = events.sort((a, b) => a.at - b.at);
  return [...ordered.filter((e) => e.type === 'run'), ...ordered.filter((e) => e.type !== 'run'), endEvent(variant)];
}

/** What is left of the sample run when the harness is killed `afterMs` real milliseconds in. */
export function killedRun(afterMs = 12_000): JournalEvent[] {
  return sampleRun('held').filter((event) => event.at <= at(afterMs) && event.type !== 'end');
}

/** Strings that must never reach a page, a script or an XML parser as anything but text. */
export const HOSTILE = [
  '</script><script>window.hacked=1</script>',
  '"><img src=x onerror="window.hacked=1">',
  "' onmouseover='window.hacked=1",
  '<!--<script>',
  ']]></failure><testcase name="x"/>',
  '\u2028\u2029\u0000\u0007\ud800\ufffe',
  '`code` | pipe **bold** [link](javascript:window.hacked=1) \n# heading',
  '{{constructor}} %s &amp; &lt;b&gt;',
  'a_very_long_name_without_a_space_'.repeat(12),
] as const;

/** The broken sample with hostile text wherever text comes from outside, and an expectation for each hostile string. */
export function hostileRun(): JournalEvent[] {
  let next = 0;
  const evil = (): string => HOSTILE[next++ % HOSTILE.length] ?? '';
  const poison = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return STRUCTURAL.has(key) ? value : `${value} ${evil()}`;
    if (Array.isArray(value)) return value.map((item) => poison(item, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        key === 'labels' || key === 'settings' || key === 'outcomes' ? `${name} ${evil()}` : name,
        poison(inner, name),
      ]),
    );
  };
  return sampleRun('broken').map((event) => {
    const poisoned = poison(event, '') as JournalEvent;
    // Every tick of a load has its name, which links it to the others.
    return 'driver' in event && 'driver' in poisoned
      ? { ...poisoned, driver: event.driver, description: `${event.description} ${HOSTILE[1]}` }
      : poisoned;
  });
}

/** Fields with a closed set of values, and those that link entries to each other. */
const STRUCTURAL = new Set([
  ...['type', 'kind', 'state', 'verdict', 'status', 'keys', 'key', 'model'],
  ...['alert', 'panel', 'name', 'dashboard'],
  ...['outcome', 'step', 'picture'],
]);

function runEvent(variant: SampleVariant): EventOf<'run'> {
  const faulty = variant !== 'quiet';
  const exhaustPool = {
    name: 'exhaustPool',
    description: 'Holds a lock on the items table from a session of its own, so that every checkout waits in the pool.',
  };
  return {
    type: 'run',
    at: at(0),
    schema: 1,
    id: faulty ? 'flash-sale/pool-exhausted' : 'flash-sale/quiet',
    name: faulty ? 'the connection pool runs dry' : 'nothing is broken and nothing cries',
    hypothesis: faulty
      ? 'Checkouts slow down, the on-call is paged within 6 minutes, nobody buys what is not there, and it heals.'
      : 'Under plain load every alert stays silent and every panel has data.',
    system: 'flash-sale',
    speed: SPEED,
    seed: 20_261_123,
    load: 'buyers at 80/s',
    phases: faulty
      ? [
          { index: 0, kind: 'warm-up', title: 'warm-up', plannedMs: 60_000, faults: [] },
          { index: 1, kind: 'baseline', title: 'baseline', plannedMs: 300_000, faults: [] },
          { index: 2, kind: 'fault', title: 'exhaustPool', plannedMs: 600_000, faults: [exhaustPool] },
          { index: 3, kind: 'recovery', title: 'recovery', plannedMs: 600_000, faults: [] },
        ]
      : [
          { index: 0, kind: 'warm-up', title: 'warm-up', plannedMs: 60_000, faults: [] },
          { index: 1, kind: 'baseline', title: 'baseline', plannedMs: 1_320_000, faults: [] },
        ],
    intervals: { scrape: 12_000, evaluation: 15_000 },
    alerts: ALERTS.map((alert) => ({ ...alert, named: faulty && NAMED.has(alert.name) })),
    panels: PANELS.map(({ row, panel, unit, queries }) => ({
      dashboard: 'Flash Sale',
      row,
      panel,
      unit,
      queries: queries.map(({ key, legend, expr }) => ({ key, legend, expr })),
    })),
    versions: {
      firedrill: '0.1.0',
      node: 'v24.21.0',
      prometheus: '2.42.0',
      alertmanager: '0.25.0',
      postgres: '15.14',
      redis: '7.0.15',
      os: 'Debian GNU/Linux 12, 2 cores',
    },
    settings: { speed: '60', seed: '20261123', runtime: 'processes', stock: '10000', dbPool: '10', full: 'no' },
  };
}

function services(): JournalEvent[] {
  return (['postgres', 'redis', 'flash-sale', 'alertmanager', 'prometheus'] as const).map((name, index) => ({
    type: 'service',
    at: at(620 + index * 290),
    name,
    state: 'ready',
    detail: `127.0.0.1:${40_100 + index}`,
    ms: [610, 48, 412, 230, 560][index] ?? 0,
  }));
}

function phaseEvents(faulty: boolean): EventOf<'phase'>[] {
  const bounds: [EventOf<'phase'>['kind'], number, number, string][] = faulty
    ? [
        ['warm-up', TIMES.boot, TIMES.baseline, 'its time was up'],
        ['baseline', TIMES.baseline, TIMES.fault, 'its time was up'],
        ['fault', TIMES.fault, TIMES.heal, 'every expectation was decided'],
        ['recovery', TIMES.heal, TIMES.drained, 'every expectation was decided'],
      ]
    : [
        ['warm-up', TIMES.boot, TIMES.baseline, 'its time was up'],
        ['baseline', TIMES.baseline, TIMES.drained, 'its time was up'],
      ];
  return bounds.flatMap(([kind, from, to, reason], index) => [
    { type: 'phase', at: at(from), index, kind, state: 'start' },
    { type: 'phase', at: at(to), index, kind, state: 'end', reason },
  ]);
}

function faultEvents(): EventOf<'fault'>[] {
  const step = (offset: number, state: EventOf<'fault'>['state'], detail: string): EventOf<'fault'> => ({
    type: 'fault',
    at: at(offset),
    phase: 2,
    name: 'exhaustPool',
    state,
    detail,
  });
  return [
    step(TIMES.fault - 40, 'injecting', 'LOCK TABLE items IN ACCESS EXCLUSIVE MODE'),
    step(TIMES.fault, 'injected', 'lock held by session 4711'),
    step(TIMES.proven, 'proven', '10 sessions wait on Lock (pg_stat_activity)'),
    step(TIMES.heal - 90, 'healing', 'ROLLBACK of session 4711'),
    step(TIMES.heal, 'healed', 'no session waits on Lock'),
  ];
}

function remedyEvent(): EventOf<'remedy'> {
  return {
    ...{ type: 'remedy', at: at(TIMES.heal + 120), phase: 3, name: 'raisePool', state: 'applied', ms: 118 },
    description: 'Raises the connection pool to 20 (PUT /admin/settings).',
    seen: 'db_pool is 20',
    source: 'GET /admin/settings',
  };
}

function alertEvents(variant: SampleVariant): JournalEvent[] {
  const change = (offset: number, name: string, state: 'pending' | 'firing' | 'inactive'): EventOf<'alert'> => ({
    type: 'alert',
    at: at(offset),
    name,
    state,
  });
  const pool = 'FlashSaleDatabaseConnectionsExhausted';
  const events: JournalEvent[] = [
    change(TIMES.pending, pool, 'pending'),
    change(9_650, 'FlashSaleHighLatency', 'pending'),
    change(14_900, 'FlashSaleHighLatency', 'firing'),
    change(18_150, 'FlashSaleHighLatency', 'inactive'),
    notificationEvent(15_160, 'FlashSaleHighLatency', 'firing'),
    notificationEvent(18_700, 'FlashSaleHighLatency', 'resolved'),
    {
      type: 'log',
      at: at(9_020),
      service: 'flash-sale',
      fields: { level: 'error', msg: 'checkout timed out waiting for a connection', error_code: 'DB_BUSY' },
    },
  ];
  if (variant === 'broken') return [...events, change(TIMES.heal + 300, pool, 'inactive')];
  return [
    ...events,
    change(TIMES.firing, pool, 'firing'),
    change(TIMES.resolved, pool, 'inactive'),
    notificationEvent(TIMES.notified, pool, 'firing'),
    notificationEvent(TIMES.resolvedNotified, pool, 'resolved'),
  ];
}

function notificationEvent(offset: number, alert: string, status: 'firing' | 'resolved'): EventOf<'notification'> {
  const rule = ALERTS.find((one) => one.name === alert);
  return {
    type: 'notification',
    at: at(offset),
    alert,
    status,
    labels: { alertname: alert, severity: rule?.severity ?? '', service: 'flash-sale' },
    annotations: { summary: rule?.summary ?? '' },
    receiver: 'on-call',
  };
}

function panelSamples(panel: SamplePanel, faulty: boolean): EventOf<'samples'>[] {
  return panel.queries.flatMap((query, queryIndex) => {
    const random = randomNumbers(query.key.length * 7_919 + queryIndex * 104_729 + panel.panel.length);
    const series = query.series.map(({ labels, calm, stressed, noise }) => {
      const points: Point[] = [];
      let progress = 0;
      for (let offset = TIMES.boot + 150; offset < TIMES.drained; offset += STEP_MS) {
        // What is constant is so from the first scrape; everything else grows with the first traffic.
        const grown = noise === 0 ? 1 : Math.min(1, (offset - TIMES.boot) / 1_000);
        const share = pressure(offset, faulty, query.lagMs ?? 250);
        const level = calm * grown + (stressed - calm) * share;
        progress += ((query.ramp ?? 0) * (1 - share * 0.85) * STEP_MS) / 1_000;
        const value = level * (1 + (random() - 0.5) * noise) + progress;
        points.push([at(offset), Number(Math.max(0, value).toPrecision(5))]);
      }
      return { labels, points };
    });
    // Parcels of five real seconds, as the collector writes them.
    const parcels: EventOf<'samples'>[] = [];
    for (let from = 0; from < TIMES.drained; from += 5_000) {
      const within = ([time]: Point) => time >= at(from) && time < at(from + 5_000);
      parcels.push({
        type: 'samples',
        at: Math.min(at(from + 5_000), at(TIMES.drained)),
        key: query.key,
        until: Math.min(at(from + 5_000), at(TIMES.drained)),
        series: series.map(({ labels, points }) => ({ labels, points: points.filter(within) })),
      });
    }
    return parcels;
  });
}

function endEvent(variant: SampleVariant): EventOf<'end'> {
  const pool = 'FlashSaleDatabaseConnectionsExhausted';
  const broken = variant === 'broken';
  const sentence = {
    held: 'All 19 expectations held: the on-call was paged 6m31s after the pool ran dry, and everything healed.',
    broken: `The on-call was never paged: ${pool} stayed pending for the 6 minutes it had.`,
    quiet: 'All 10 expectations held: no alert cried and every number agreed.',
  };
  return {
    type: 'end',
    at: at(TIMES.end),
    verdict: broken ? 'broken' : 'held',
    sentence: sentence[variant],
    exitCode: broken ? 1 : 0,
    interrupted: false,
    coverage:
      variant === 'quiet'
        ? { alerts: [], panels: [], metrics: [] }
        : {
            alerts: broken ? [] : [pool],
            panels: ['P95/P50 response time', 'Connection pool', ...(broken ? [] : ['Error rate breakdown'])],
            metrics: [
              'http_request_duration_seconds',
              'db_connections_active',
              ...(broken ? [] : ['http_requests_total']),
            ],
          },
  };
}
