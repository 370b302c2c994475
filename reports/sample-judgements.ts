/** What the sample run comes to: its judgements and its detections. */
import type { EventOf, Floor, JournalEvent } from '../harness/journal.ts';
import { at, TIMES } from './sample-clock.ts';
import { ALERTS } from './sample-system.ts';

/** The verdict the sample run comes to. 'broken' also holds an unknown expectation. */
export type SampleVariant = 'held' | 'broken' | 'quiet';

export const NAMED = new Set(['FlashSaleDatabaseConnectionsExhausted', 'FlashSaleHighLatency']);

/** The incident from alert to cause to fix. */
const CHAPTERS = {
  alert: 'The alert fires',
  dashboard: 'The dashboard shows a full pool',
  logs: 'The logs say who waits for it',
  fix: 'The pool is raised and checkouts recover',
} as const;

export function judgements(variant: SampleVariant): JournalEvent[] {
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
      chapter: CHAPTERS.alert,
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
      chapter: CHAPTERS.alert,
      expected: 'a firing notification at receiver on-call within 7m of the fault',
      received: broken ? 'none' : 'delivered at +6m31s',
      timeline: broken ? [] : [{ at: at(TIMES.notified), what: 'delivered' }],
      floor: poolFloor,
      proves: {},
    }),
    judged(9_400, 2, 'panel', 'Connection pool rises', 'held', {
      chapter: CHAPTERS.dashboard,
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
      chapter: CHAPTERS.logs,
      expected: 'a line with error_code="DB_BUSY" within 2m of the fault',
      received: '406 lines, the first at +1m07s',
      proves: {},
    }),
    judged(18_800, 3, 'metric', 'p95 of checkout returns to its baseline', 'held', {
      chapter: CHAPTERS.fix,
      expected: 'within twice the baseline (41 ms) within 3m of the heal',
      received: '38 ms at +10m54s',
      query: p95Query,
      chart: { ...p95Chart, threshold: 0.082 },
      proves: {},
    }),
    judged(TIMES.resolved, 3, 'alert', `${pool} resolves`, broken ? 'unknown' : 'held', {
      chapter: CHAPTERS.fix,
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
  Partial<Pick<EventOf<'judgement'>, 'chapter' | 'headline' | 'query' | 'timeline' | 'floor' | 'chart'>>;

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

export function detectionEvents(variant: SampleVariant): EventOf<'detection'>[] {
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
