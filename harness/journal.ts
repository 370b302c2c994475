/**
 * The journal: the timed record of one run, one JSON object a line, written as it happens. Everything after the run
 * (verdicts, reports, coverage) is a function of it, so `npm run report -- DIR` can draw an old run again.
 *
 * Times (`at`, sample times) are real milliseconds since the epoch. Scenario time is (real - start) × speed.
 */
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const verdict = z.enum(['held', 'broken', 'unknown']);
const phaseKind = z.enum(['warm-up', 'baseline', 'fault', 'recovery']);
const labels = z.record(z.string(), z.string());
const at = z.number();

/** Where the time from fault to page can go at the least; scenario milliseconds. */
export const floorSchema = z.object({
  scrape: z.number(),
  range: z.number(),
  evaluation: z.number(),
  for: z.number(),
  total: z.number(),
});

const run = z.object({
  type: z.literal('run'),
  at,
  schema: z.literal(SCHEMA_VERSION),
  /** 'flash-sale/pool-exhausted' */
  id: z.string(),
  /** 'the connection pool runs dry' */
  name: z.string(),
  hypothesis: z.string(),
  system: z.string(),
  speed: z.number(),
  seed: z.number(),
  load: z.string(),
  phases: z.array(
    z.object({
      index: z.number(),
      kind: phaseKind,
      title: z.string(),
      plannedMs: z.number(),
      faults: z.array(z.object({ name: z.string(), description: z.string() })),
    }),
  ),
  /** Scenario milliseconds as used, after the clock's limits. */
  intervals: z.object({ scrape: z.number(), evaluation: z.number() }),
  alerts: z.array(
    z.object({
      name: z.string(),
      severity: z.string(),
      summary: z.string(),
      expr: z.string(),
      floor: floorSchema,
      named: z.boolean(),
    }),
  ),
  panels: z.array(
    z.object({
      dashboard: z.string(),
      row: z.string(),
      panel: z.string(),
      unit: z.string(),
      /** `key` finds the panel's series among the `samples` events. */
      queries: z.array(z.object({ key: z.string(), legend: z.string(), expr: z.string() })),
    }),
  ),
  versions: z.record(z.string(), z.string()),
  settings: z.record(z.string(), z.string()),
});

const service = z.object({
  type: z.literal('service'),
  at,
  name: z.string(),
  state: z.enum(['ready', 'exited', 'stopped', 'started']),
  detail: z.string(),
  ms: z.number().optional(),
});
const phase = z.object({
  type: z.literal('phase'),
  at,
  index: z.number(),
  kind: phaseKind,
  state: z.enum(['start', 'end']),
  reason: z.string().optional(),
});
const fault = z.object({
  type: z.literal('fault'),
  at,
  phase: z.number(),
  name: z.string(),
  state: z.enum(['injecting', 'injected', 'proven', 'unproven', 'healing', 'healed', 'failed', 'heal-failed']),
  detail: z.string(),
});
/** What an operator did to mend things; `seen` is the evidence that it took hold, or why it did not. `ms` is real. */
const remedy = z.object({
  type: z.literal('remedy'),
  at,
  phase: z.number(),
  name: z.string(),
  description: z.string(),
  state: z.enum(['applied', 'failed']),
  seen: z.string(),
  source: z.string(),
  ms: z.number(),
});

const load = z.object({
  type: z.literal('load'),
  at,
  /** Which load, as in its `load-total`; empty in journals from before there were several. */
  driver: z.string().default(''),
  description: z.string().default(''),
  tickMs: z.number(),
  scheduled: z.number(),
  started: z.number(),
  dropped: z.number(),
  answered: z.number(),
  serverErrors: z.number(),
  unanswered: z.number(),
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  max: z.number().nullable(),
  /** The most iterations in flight at a look, where the driver tells. */
  inUse: z.number().optional(),
});
/** What a driver that is a program of its own says of itself; units are 'ms', 'share' or ''. */
const driverReport = z.object({
  program: z.string(),
  figures: z.array(z.object({ name: z.string(), value: z.number(), unit: z.string() })),
  /** Limits on its own metrics, in its words; null where it came to no end of its own. */
  thresholds: z.array(
    z.object({
      metric: z.string(),
      limit: z.string(),
      value: z.number().nullable(),
      held: z.boolean().nullable(),
    }),
  ),
});
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() });
const totals = z.object({
  type: z.literal('load-total'),
  at,
  driver: z.string(),
  /** Absent in journals of before it was judged. */
  model: z.enum(['open', 'closed']).optional(),
  /** Dropped iterations are reported and not held against it. */
  mayDrop: z.boolean().optional(),
  description: z.string(),
  scheduled: z.number(),
  started: z.number(),
  dropped: z.number(),
  unanswered: z.number(),
  answers: z.array(z.object({ handler: z.string(), method: z.string(), status: z.number(), count: z.number() })),
  outcomes: z.record(z.string(), z.number()),
  receipts: z.array(z.string()),
  latency: percentiles,
  startLag: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  report: driverReport.optional(),
});

/**
 * One shopper's visit to the storefront in a real browser, written when it ended. Real milliseconds, never scaled.
 */
const visit = z.object({
  type: z.literal('visit'),
  at,
  /** When the shopper asked for the page. */
  began: z.number(),
  /** Counts from 0 within its load. */
  number: z.number(),
  outcome: z.enum(['bought', 'refused', 'gave up']),
  /** How far the shopper came: opening the page, reserving an item, buying it. */
  step: z.enum(['open', 'reserve', 'buy']),
  /** Time to interactive: from asking for the page until an item could be reserved; null where that never was. */
  usableMs: z.number().nullable(),
  /** From the click that reserves until the shopper knew what came of it; null where nothing could be clicked. */
  waitedMs: z.number().nullable(),
  /** What the page said to the shopper last; empty where it said nothing. */
  message: z.string(),
  /** Uncaught errors of the page's own script. */
  pageErrors: z.array(z.string()),
  /** A picture of what the shopper saw, relative to the run's folder. */
  picture: z.string().optional(),
});

/**
 * New samples of one query; points are [real ms, value], appended in time order across events. `until` is how far the
 * query has been asked: nothing between the last point and `until` means there was nothing.
 */
const samples = z.object({
  type: z.literal('samples'),
  at,
  key: z.string(),
  until: z.number(),
  series: z.array(z.object({ labels, points: z.array(z.tuple([z.number(), z.number()])) })),
});
/** The state of one alert, seen change as it ran (for the terminal and the report's timeline). */
const alertState = z.object({
  type: z.literal('alert'),
  at,
  name: z.string(),
  state: z.enum(['inactive', 'pending', 'firing']),
});
const notification = z.object({
  type: z.literal('notification'),
  at,
  alert: z.string(),
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels,
  receiver: z.string(),
});
const log = z.object({ type: z.literal('log'), at, service: z.string(), fields: z.record(z.string(), z.unknown()) });
const observation = z.object({
  type: z.literal('observation'),
  at,
  invariant: z.string(),
  facts: z.record(z.string(), z.unknown()),
});
/** Something went wrong in the harness or its tools; the run may go on. */
const trouble = z.object({ type: z.literal('trouble'), at, code: z.string(), message: z.string() });

const judgement = z.object({
  type: z.literal('judgement'),
  at,
  id: z.string(),
  kind: z.enum(['metric', 'alert', 'panel', 'log', 'notification', 'invariant', 'silence', 'fault', 'shopper', 'load']),
  /** null for what is judged over the whole run. */
  phase: z.number().nullable(),
  /** 'FlashSaleHighLatency fires' */
  title: z.string(),
  /** Of the incident's story: judgements of one phase with the same chapter are told together. */
  chapter: z.string().optional(),
  verdict,
  /** '✗ during "pool exhausted": … did not fire' reads headline, then the rest in this order. */
  headline: z.string(),
  expected: z.string(),
  received: z.string(),
  query: z.string().optional(),
  timeline: z.array(z.object({ at: z.number(), what: z.string() })),
  floor: floorSchema.optional(),
  decidedAt: z.number().optional(),
  /** What to draw beside it: keys of `samples`, and the threshold in the metric's own unit. */
  chart: z.object({ keys: z.array(z.string()), unit: z.string(), threshold: z.number().optional() }).optional(),
  /** Names this claim proves when it holds, for coverage. */
  proves: z.object({
    alert: z.string().optional(),
    /** Which step of the alert; an alert is proven when it fired, notified and resolved. */
    step: z.enum(['pending', 'fires', 'notified', 'resolves', 'resolve-notified', 'silent']).optional(),
    panel: z.string().optional(),
    metric: z.string().optional(),
  }),
});

/** Real times; undefined where it did not happen. `floor` in scenario milliseconds. */
const detection = z.object({
  type: z.literal('detection'),
  at,
  alert: z.string(),
  fault: z.number(),
  moved: z.number().optional(),
  pending: z.number().optional(),
  firing: z.number().optional(),
  notified: z.number().optional(),
  healed: z.number().optional(),
  resolved: z.number().optional(),
  resolvedNotified: z.number().optional(),
  floor: floorSchema,
});

const end = z.object({
  type: z.literal('end'),
  at,
  verdict,
  sentence: z.string(),
  exitCode: z.number(),
  interrupted: z.boolean(),
  coverage: z.object({ alerts: z.array(z.string()), panels: z.array(z.string()), metrics: z.array(z.string()) }),
});

export const eventSchema = z.discriminatedUnion('type', [
  run,
  service,
  phase,
  fault,
  remedy,
  load,
  totals,
  visit,
  samples,
  alertState,
  notification,
  log,
  observation,
  trouble,
  judgement,
  detection,
  end,
]);

export type JournalEvent = z.infer<typeof eventSchema>;
export type EventOf<T extends JournalEvent['type']> = Extract<JournalEvent, { type: T }>;
export type PhaseKind = z.infer<typeof phaseKind>;
export type Floor = z.infer<typeof floorSchema>;
export type Labels = Readonly<Record<string, string>>;
export type Point = [at: number, value: number];
export interface Series {
  readonly labels: Labels;
  readonly points: readonly Point[];
}
