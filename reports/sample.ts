/**
 * A sample run as it would be journaled: the connection pool of the flash sale runs dry at speed 60, about 25 real
 * seconds. Views are built and tested on it. Deterministic; the numbers are made up, the shapes are those of real runs.
 */
import type { EventOf, Floor, JournalEvent, Point } from '../harness/journal.ts';
import { ALERTS, PANELS, type SamplePanel } from './sample-system.ts';

const START = Date.UTC(2026, 10, 23, 2, 15, 0);
const SPEED = 60;
const STEP_MS = 250;
/** Real milliseconds from the start of the run. */
const TIMES = {
  boot: 1_900,
  baseline: 2_900,
  fault: 7_900,
  proven: 8_120,
  moved: 8_350,
  pending: 8_900,
  firing: 14_150,
  notified: 14_420,
  heal: 16_650,
  resolved: 17_400,
  resolvedNotified: 17_950,
  drained: 24_900,
  end: 25_300,
} as const;

const at = (offsetMs: number): number => START + offsetMs;

/** The verdict the sample run comes to. 'broken' also holds an unknown expectation. */
export type SampleVariant = 'held' | 'broken' | 'quiet';

/** The whole journal of one sample run. */
export function sampleRun(variant: SampleVariant = 'held'): JournalEvent[] {
  const faulty = variant !== 'quiet';
  const events: JournalEvent[] = [
    runEvent(variant),
    ...services(),
    ...phaseEvents(faulty),
    ...(faulty ? faultEvents() : []),
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
    at: START,
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

const NAMED = new Set(['FlashSaleDatabaseConnectionsExhausted', 'FlashSaleHighLatency']);

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

/** 1 while the fault bites, 0 when it does not, with a short way up and down. */
function pressure(offsetMs: number, faulty: boolean, lagMs: number): number {
  if (!faulty) return 0;
  const up = (offsetMs - TIMES.fault - lagMs) / 900;
  const down = (offsetMs - TIMES.heal - lagMs * 0.6) / 700;
  return Math.max(0, Math.min(1, up)) * (1 - Math.max(0, Math.min(1, down)));
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

function loadEvents(faulty: boolean): EventOf<'load'>[] {
  const random = randomNumbers(42);
  const events: EventOf<'load'>[] = [];
  for (let offset: number = TIMES.boot + STEP_MS; offset <= TIMES.drained; offset += STEP_MS) {
    const share = pressure(offset, faulty, 60);
    const answered = Math.round((44 + random() * 6) * (1 - share * 0.72));
    events.push({
      type: 'load',
      at: at(offset),
      driver: faulty ? 'k6' : 'arrivals',
      description: 'buyers at 80/s',
      ...(faulty ? { inUse: Math.round(2 + share * 180) } : {}),
      tickMs: STEP_MS,
      scheduled: 20,
      started: 20,
      dropped: 0,
      answered,
      serverErrors: Math.round(answered * share * 0.25 * random()),
      unanswered: 0,
      p50: answered === 0 ? null : 9 + random() * 3 + share * 1_650,
      p95: answered === 0 ? null : 22 + random() * 9 + share * 3_900,
      max: answered === 0 ? null : 40 + random() * 30 + share * 5_200,
    });
  }
  return events;
}

/** Shoppers in a browser: they buy, are refused or lose patience under the fault, and buy again. */
function visits(): EventOf<'visit'>[] {
  const random = randomNumbers(7);
  const events: EventOf<'visit'>[] = [];
  for (let began: number = TIMES.boot; began < TIMES.drained - 3_000; began += 900) {
    const hurt = began > TIMES.fault - 300 && began < TIMES.heal;
    const gaveUp = hurt && random() < 0.3;
    const outcome = gaveUp ? 'gave up' : hurt ? 'refused' : 'bought';
    const waitedMs = gaveUp ? 2_400 : hurt ? 600 + random() * 900 : 180 + random() * 160;
    const first = !events.some((event) => event.outcome === outcome);
    events.push({
      type: 'visit',
      at: at(began + 400 + waitedMs),
      began: at(began),
      number: events.length,
      outcome,
      step: hurt ? 'reserve' : 'buy',
      usableMs: 260 + random() * 90,
      waitedMs,
      message: outcome === 'refused' ? 'The shop is having trouble: Try again in a moment.' : '',
      pageErrors: [],
      ...(first && !gaveUp ? { picture: `shoppers/${hurt ? 'failed' : 'bought'}.png` } : {}),
    });
  }
  return events;
}
const k6Report: NonNullable<EventOf<'load-total'>['report']> = {
  program: 'k6 2.2.0',
  figures: [
    { name: 'iterations', value: 1_840, unit: '' },
    { name: 'dropped_iterations', value: 0, unit: '' },
    { name: 'http_reqs', value: 5_051, unit: '' },
    { name: 'http_req_failed', value: 0.126, unit: 'share' },
    { name: 'http_req_duration p(95)', value: 3_604, unit: 'ms' },
    { name: 'VUs in use, at most', value: 182, unit: '' },
  ],
  thresholds: [
    { metric: 'http_req_duration', limit: 'p(95)<5000', value: 3_604, held: true },
    { metric: 'http_req_failed', limit: 'rate<0.2', value: 0.126, held: true },
  ],
};

function totals(faulty: boolean): EventOf<'load-total'> {
  const answer = (handler: string, method: string, status: number, count: number) => ({
    handler,
    method,
    status,
    count,
  });
  return {
    type: 'load-total',
    at: at(TIMES.drained),
    driver: faulty ? 'k6' : 'arrivals',
    model: 'open',
    description: 'buyers at 80/s',
    scheduled: 1_840,
    started: 1_840,
    dropped: 0,
    unanswered: 0,
    answers: [
      answer('sale', 'GET', 200, 1_840),
      answer('checkout', 'POST', 201, faulty ? 1_371 : 1_752),
      answer('checkout', 'POST', 409, faulty ? 63 : 88),
      ...(faulty ? [answer('checkout', 'POST', 503, 406)] : []),
      answer('purchase', 'POST', 201, faulty ? 1_204 : 1_730),
      answer('purchase', 'POST', 410, faulty ? 167 : 22),
    ],
    outcomes: faulty
      ? { purchased: 1_204, CODE_EXPIRED: 167, DB_BUSY: 406, LIMIT_REACHED: 63 }
      : { purchased: 1_730, CODE_EXPIRED: 22, LIMIT_REACHED: 88 },
    receipts: Array.from({ length: faulty ? 1_204 : 1_730 }, (_, index) => `P-${(index + 4_096).toString(36)}`),
    latency: faulty
      ? { p50: 11.2, p95: 3_610, p99: 4_480, max: 5_240 }
      : { p50: 10.4, p95: 28.9, p99: 44.1, max: 71.3 },
    startLag: { p50: 0.3, p99: 2.1, max: 6.4 },
    ...(faulty ? { report: k6Report } : {}),
  };
}

function judgements(variant: SampleVariant): JournalEvent[] {
  if (variant === 'quiet') return [...silences(variant), ...invariants(variant)];
  const pool = 'FlashSaleDatabaseConnectionsExhausted';
  const broken = variant === 'broken';
  const poolFloor = floorOf(pool);
  const p95Chart = { keys: ['latency-p95'], unit: 's' };
  const p95Query =
    'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{handler="checkout"}[1m])))';
  return [
    judged(TIMES.fault, 1, 'metric', 'p95 of checkout stays below 300 ms', 'held', {
      expected: 'below 300 ms for the whole baseline',
      received: 'at most 41 ms (19 samples)',
      query: p95Query,
      chart: { ...p95Chart, threshold: 0.3 },
      proves: {},
    }),
    judged(TIMES.fault, 1, 'alert', `${pool} stays silent`, 'held', {
      expected: 'neither pending nor firing',
      received: 'inactive throughout',
      query: `ALERTS{alertname="${pool}"}`,
      proves: {},
    }),
    judged(TIMES.proven, 2, 'fault', 'exhaustPool took hold', 'held', {
      expected: 'proof from outside the metric under test',
      received: '10 sessions wait on Lock (pg_stat_activity), +13s',
      proves: {},
    }),
    judged(9_150, 2, 'metric', 'p95 of checkout exceeds 2 s', 'held', {
      expected: 'above 2 s within 3m of the fault',
      received: '2.31 s at +1m15s, 4.05 s at its highest',
      query: p95Query,
      timeline: [
        { at: at(TIMES.fault), what: 'fault' },
        { at: at(9_150), what: 'above 2 s' },
        { at: at(10_900), what: 'deadline' },
      ],
      chart: { ...p95Chart, threshold: 2 },
      proves: { metric: 'http_request_duration_seconds', panel: 'P95/P50 response time' },
    }),
    judged(broken ? 13_900 : TIMES.firing, 2, 'alert', `${pool} fires`, broken ? 'broken' : 'held', {
      headline: broken ? `✗ during "exhaustPool": ${pool} did not fire` : `✓ during "exhaustPool": ${pool} fired`,
      expected: 'firing, severity="critical", within 6m of the fault',
      received: broken ? 'pending since +1m00s, never firing' : 'firing at +6m15s',
      query: `ALERTS{alertname="${pool}"}`,
      timeline: [
        { at: at(TIMES.fault), what: 'fault' },
        { at: at(TIMES.moved), what: 'pool 10/10' },
        { at: at(TIMES.pending), what: 'pending' },
        broken ? { at: at(13_900), what: 'deadline' } : { at: at(TIMES.firing), what: 'firing' },
      ],
      floor: poolFloor,
      chart: { keys: ['pool-active', 'pool-max'], unit: 'short', threshold: 9 },
      proves: { alert: pool },
    }),
    judged(TIMES.notified, 2, 'notification', `${pool} reaches on-call`, broken ? 'broken' : 'held', {
      expected: 'a firing notification at receiver on-call within 7m of the fault',
      received: broken ? 'none' : 'delivered at +6m31s',
      timeline: broken ? [] : [{ at: at(TIMES.notified), what: 'delivered' }],
      floor: poolFloor,
      proves: {},
    }),
    judged(9_400, 2, 'panel', 'Connection pool rises', 'held', {
      expected: 'active connections rise above the baseline within 2m of the fault',
      received: '3.1 before, 10 during, from +27s on',
      chart: { keys: ['pool-active', 'pool-idle', 'pool-max'], unit: 'short' },
      proves: { panel: 'Connection pool', metric: 'db_connections_active' },
    }),
    judged(9_600, 2, 'panel', 'Error rate breakdown rises', broken ? 'unknown' : 'held', {
      headline: broken
        ? '? during "exhaustPool": Error rate breakdown: no data, so nobody knows'
        : '✓ during "exhaustPool": Error rate breakdown rose',
      expected: 'rises above the baseline within 3m of the fault',
      received: broken ? 'no samples for status_code=~"5.." in the baseline' : '0% before, 19.8% during',
      query: 'sum by (status_code) (rate(http_requests_total{status_code=~"5.."}[1m]))',
      chart: { keys: ['errors'], unit: 'percentunit' },
      proves: { panel: 'Error rate breakdown', metric: 'http_requests_total' },
    }),
    judged(9_060, 2, 'log', 'flash-sale logs DB_BUSY', 'held', {
      expected: 'a line with error_code="DB_BUSY" within 2m of the fault',
      received: '406 lines, the first at +1m07s',
      proves: {},
    }),
    judged(18_800, 3, 'metric', 'p95 of checkout returns to its baseline', 'held', {
      expected: 'within twice the baseline (41 ms) within 3m of the heal',
      received: '38 ms at +10m54s',
      query: p95Query,
      chart: { ...p95Chart, threshold: 0.082 },
      proves: {},
    }),
    judged(TIMES.resolved, 3, 'alert', `${pool} resolves`, broken ? 'unknown' : 'held', {
      expected: 'inactive within 3m of the heal',
      received: broken ? 'it never fired, so it could not resolve' : 'inactive 45s after the heal',
      query: `ALERTS{alertname="${pool}"}`,
      chart: { keys: ['pool-active', 'pool-max'], unit: 'short', threshold: 9 },
      proves: {},
    }),
    ...silences(variant),
    ...invariants(variant),
  ];
}

/** Every alert the scenario does not name must stay silent, unasked. */
function silences(variant: SampleVariant): JournalEvent[] {
  return ALERTS.filter(({ name }) => variant === 'quiet' || !NAMED.has(name)).map(({ name }) =>
    judged(TIMES.drained, null, 'silence', `${name} stays silent`, 'held', {
      expected: 'not firing during the whole run',
      received: 'inactive throughout',
      query: `ALERTS{alertname="${name}"}`,
      proves: {},
    }),
  );
}

function invariants(variant: SampleVariant): JournalEvent[] {
  const sold = variant === 'quiet' ? '1,730' : '1,204';
  return [
    judged(TIMES.drained + 80, null, 'invariant', 'never oversells', 'held', {
      expected: 'sold ≤ stock, and no user above 10',
      received: `${sold} sold of 10,000; 0 users above their limit`,
      proves: {},
    }),
    judged(TIMES.drained + 90, null, 'invariant', 'counts agree', 'held', {
      expected: 'driver, /metrics and database agree to the unit',
      received: `purchases: driver ${sold}, metrics ${sold}, database ${sold}`,
      proves: {},
    }),
  ];
}

type Claim = Pick<EventOf<'judgement'>, 'expected' | 'received' | 'proves'> &
  Partial<Pick<EventOf<'judgement'>, 'headline' | 'query' | 'timeline' | 'floor' | 'chart'>>;

function judged(
  decided: number,
  phase: number | null,
  kind: EventOf<'judgement'>['kind'],
  title: string,
  verdict: EventOf<'judgement'>['verdict'],
  { headline, timeline, ...claim }: Claim,
): EventOf<'judgement'> {
  const mark = { held: '✓', broken: '✗', unknown: '?' }[verdict];
  return {
    type: 'judgement',
    at: at(TIMES.end - 100),
    id: `${phase ?? 'run'}/${kind}/${title}`,
    kind,
    phase,
    title,
    verdict,
    headline: headline ?? `${mark} ${title}`,
    timeline: timeline ?? [],
    decidedAt: at(decided),
    ...claim,
  };
}

function detectionEvents(variant: SampleVariant): EventOf<'detection'>[] {
  const pool = 'FlashSaleDatabaseConnectionsExhausted';
  const begun = { type: 'detection', at: at(TIMES.end - 50), fault: at(TIMES.fault), healed: at(TIMES.heal) } as const;
  return [
    {
      ...begun,
      alert: pool,
      moved: at(TIMES.moved),
      pending: at(TIMES.pending),
      floor: floorOf(pool),
      ...(variant === 'broken'
        ? {}
        : {
            firing: at(TIMES.firing),
            notified: at(TIMES.notified),
            resolved: at(TIMES.resolved),
            resolvedNotified: at(TIMES.resolvedNotified),
          }),
    },
    {
      ...begun,
      alert: 'FlashSaleHighLatency',
      moved: at(8_800),
      pending: at(9_650),
      firing: at(14_900),
      notified: at(15_160),
      resolved: at(18_150),
      resolvedNotified: at(18_700),
      floor: floorOf('FlashSaleHighLatency'),
    },
  ];
}

function floorOf(alert: string): Floor {
  const known = ALERTS.find((one) => one.name === alert);
  if (known === undefined) throw new TypeError(`The sample has no alert ${alert}.`);
  return known.floor;
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

/** Seeded, uniform in [0, 1): mulberry32, public domain, by Tommy Ettinger. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
