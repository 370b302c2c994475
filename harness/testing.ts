/**
 * Plans and records for tests of what is pure, from a few words. Times are seconds from the start of a run whose phases
 * are a baseline (0 to 300), a fault (300 to 900) and a recovery (900 to 1500), scraped every 5 s, evaluated every 15 s.
 */
import { createClock } from './clock.ts';
import type { Expectation, Judgement, PhaseWindow, Query, View } from './expectation.ts';
import { rangeQuery } from './expectation.ts';
import type { EventOf, JournalEvent, Labels, PhaseKind, Point } from './journal.ts';
import type { Load, LoadTotals } from './load.ts';
import { ALERTS, EVALUATIONS, FAILURES, type Plan, type PlannedAlert } from './plan.ts';
import { RunRecord } from './record.ts';
import { scenario as makeScenario, type Phase, type ScenarioBody } from './scenario.ts';
import type { ServiceDescription } from './stack/service.ts';
import type { CatalogMetric, System } from './system.ts';
import { duration } from './units.ts';

const START = Date.UTC(2026, 0, 1);
const SCRAPE_S = 5;
const EVALUATION_S = 15;
const GROUP = 'shop';

/** Seconds of the run → real ms. */
export const at = (seconds: number): number => START + seconds * 1_000;

export const windowOf = (
  index: number,
  kind: PhaseKind,
  from: number,
  to: number,
  title: string = kind,
): PhaseWindow => ({
  index,
  kind,
  title,
  start: at(from),
  end: at(to),
});
export const BASELINE = windowOf(0, 'baseline', 0, 300);
export const FAULT = windowOf(1, 'fault', 300, 900, 'exhaustPool');
export const RECOVERY = windowOf(2, 'recovery', 900, 1_500);

export const idleLoad: Load = {
  driver: 'none',
  model: 'open',
  description: 'nobody',
  start: () => Promise.reject(new Error('the tests of pure code start no load')),
};

export const aService = (name: string): ServiceDescription => ({
  name,
  program: { command: name, why: 'tests', packages: { apt: '', dnf: '', brew: '' } },
  needs: [],
  address: `${name}:80`,
  args: () => [],
  ready: () => Promise.resolve(),
});

export const aSystem = (metrics: readonly CatalogMetric[] = []): System => ({
  name: 'shop',
  services: [aService('app'), aService('postgres')],
  app: 'app',
  scrapeInterval: `${SCRAPE_S}s`,
  monitoring: { prometheusConfig: '', alertmanagerConfig: '', ruleFiles: [], dashboardFiles: [], metrics },
  ledger: () => Promise.resolve({ counts: {}, receipts: [] }),
});

/** An alert that fires at once; `metrics` are what it reads. */
export function anAlert(name: string, over: Partial<PlannedAlert> = {}): PlannedAlert {
  const forMs = over.forMs ?? 0;
  const [scrape, evaluation] = [SCRAPE_S * 1_000, EVALUATION_S * 1_000];
  return {
    name,
    expr: `${name}_condition > 0`,
    labels: { severity: 'critical' },
    group: GROUP,
    evaluationMs: evaluation,
    file: 'rules/shop.yml',
    line: 4,
    forMs,
    keepFiringForMs: 0,
    severity: 'critical',
    summary: `${name} is wrong`,
    annotations: {},
    floor: { scrape, range: 0, evaluation, for: forMs, total: scrape + evaluation + forMs },
    metrics: [],
    condition: rangeQuery(`${name}_condition > 0`),
    ...over,
  };
}

export interface PlanParts extends Partial<Pick<Plan, 'alerts' | 'recordings' | 'panels' | 'metricLabels'>> {
  readonly speed?: number;
  readonly metrics?: readonly CatalogMetric[];
  readonly phases?: readonly Phase[];
  readonly scenario?: Partial<ScenarioBody>;
}

export function aPlan({ speed = 1, metrics = [], phases = [], scenario = {}, ...parts }: PlanParts = {}): Plan {
  const clock = createClock(speed);
  const scrape = clock.scenario(clock.scrape(SCRAPE_S * 1_000));
  return {
    id: 'shop/breaks',
    scenario: makeScenario('the shop breaks', {
      hypothesis: 'Somebody is told.',
      system: aSystem(metrics),
      load: idleLoad,
      phases,
      ...scenario,
    }),
    clock,
    intervals: {
      scrape,
      evaluation: clock.scenario(clock.evaluation(EVALUATION_S * 1_000)),
      groupWait: 10_000,
      groupInterval: 60_000,
    },
    alerts: [],
    recordings: [],
    panels: [],
    metricLabels: new Map(metrics.map(({ name, labels }) => [name, new Set(labels)])),
    window: duration(60_000),
    ...parts,
  };
}

/** A claim that answers what it is told to. */
export const anExpectation = (over: Partial<Expectation> = {}): Expectation => ({
  kind: 'metric',
  title: 'errors rise',
  deadline: undefined,
  needs: {},
  queries: () => [],
  floor: () => undefined,
  judge: () => aJudgement('held'),
  ...over,
});

export const aJudgement = (verdict: Judgement['verdict'], over: Partial<Judgement> = {}): Judgement => ({
  verdict,
  headline: `errors ${verdict}`,
  expected: 'errors',
  received: 'some',
  timeline: [],
  proves: {},
  ...over,
});

export function recordOf(...events: readonly (JournalEvent | readonly JournalEvent[])[]): RunRecord {
  const record = new RunRecord();
  for (const event of events.flat()) record.add(event);
  return record;
}

/** A value every `every` seconds from `from` to `to`, both included. */
export function points(
  from: number,
  to: number,
  value: number | ((second: number) => number),
  every = SCRAPE_S,
): Point[] {
  const result: Point[] = [];
  for (let second = from; second <= to; second += every)
    result.push([at(second), typeof value === 'number' ? value : value(second)]);
  return result;
}

/** What Prometheus answered to a query, asked up to `until` (by default the last point). */
export function samples(
  query: Query,
  given: readonly Point[],
  until?: number,
  labels: Labels = {},
): EventOf<'samples'> {
  const asked = until === undefined ? (given.at(-1)?.[0] ?? START) : at(until);
  const series = given.length === 0 ? [] : [{ labels: { ...labels }, points: [...given] }];
  return { type: 'samples', at: asked, key: query.key, until: asked, series };
}

type Span = readonly [from: number, to: number];
export interface AlertStory {
  readonly pending?: Span;
  readonly firing?: Span;
  readonly labels?: Labels;
}

/**
 * What Prometheus records of its rules: samples of ALERTS while an alert is active, the time of every evaluation up to
 * `evaluated`, and failures from `failing` on. All of it was asked up to `until`.
 */
export function rules(
  until: number,
  alerts: Readonly<Record<string, AlertStory>> = {},
  { evaluated = until, failing }: { readonly evaluated?: number; readonly failing?: number } = {},
): JournalEvent[] {
  const active = Object.entries(alerts).flatMap(([alertname, { pending, firing, labels }]) =>
    [['pending', pending] as const, ['firing', firing] as const].flatMap(([alertstate, span]) =>
      span
        ? [
            samples(ALERTS, points(span[0], span[1], 1, EVALUATION_S), until, {
              alertname,
              alertstate,
              severity: 'critical',
              ...labels,
            }),
          ]
        : [],
    ),
  );
  const group = { rule_group: `/etc/prometheus/rules.yml;${GROUP}` };
  const seconds = (second: number) => at(second) / 1_000;
  return [
    samples(ALERTS, [], until),
    ...active,
    samples(EVALUATIONS, evaluated < 0 ? [] : points(0, evaluated, seconds, EVALUATION_S), until, group),
    samples(
      FAILURES,
      points(0, until, (second) => (failing !== undefined && second >= failing ? 1 : 0)),
      until,
      group,
    ),
  ];
}

export const delivered = (alert: string, status: 'firing' | 'resolved', second: number): EventOf<'notification'> => ({
  type: 'notification',
  at: at(second),
  alert,
  status,
  labels: { alertname: alert },
  annotations: {},
  receiver: 'on-call',
});

export const faultEvent = (state: EventOf<'fault'>['state'], second = 310, phase = 1): EventOf<'fault'> => ({
  type: 'fault',
  at: at(second),
  phase,
  name: 'exhaustPool',
  state,
  detail: '10 sessions wait (pg_stat_activity)',
});

/** The view of a phase that is over, unless said otherwise; the baseline comes before every other phase. */
export const viewOf = (plan: Plan, record: RunRecord, phase = FAULT, ended = true): View => ({
  plan,
  record,
  phase,
  baseline: phase.kind === 'baseline' ? undefined : BASELINE,
  ended,
});

export const totals = (over: Partial<LoadTotals> = {}): LoadTotals => ({
  scheduled: 0,
  started: 0,
  dropped: 0,
  unanswered: 0,
  answers: [],
  outcomes: {},
  receipts: [],
  latency: { p50: 1, p95: 2, p99: 3, max: 4 },
  startLag: { p50: 0, p99: 0, max: 0 },
  ...over,
});
