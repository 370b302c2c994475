/**
 * run.json: what a run found, for programs. Everything that the report says in words and numbers is here; the samples
 * behind the charts stay in journal.jsonl. Documented in docs/run-json.md; `node reports/schema.ts` writes the JSON Schema.
 *
 * A field is never left out: what did not happen is null.
 */
import { z } from 'zod';

/** Raised when a reader of the previous version would misread the file; added fields do not raise it. */
export const RUN_JSON_VERSION = 1;

const verdict = z.enum(['held', 'broken', 'unknown']);
const strings = z.record(z.string(), z.string());

export const momentSchema = z
  .object({
    at: z.number().describe('Real time, milliseconds since the epoch.'),
    realMs: z.number().describe('Real milliseconds since the run began.'),
    scenarioMs: z.number().describe('Scenario milliseconds from the origin; negative before it.'),
  })
  .meta({ id: 'moment' });

export const floorJsonSchema = z
  .object({ scrape: z.number(), range: z.number(), evaluation: z.number(), for: z.number(), total: z.number() })
  .describe('The least time from fault to alert that the configuration allows, in scenario milliseconds.')
  .meta({ id: 'floor' });

const stats = z
  .object({
    samples: z.number(),
    mean: z.number(),
    min: z.number(),
    max: z.number(),
    last: z.number(),
  })
  .describe('Over one span of the run, in the unit of the panel.')
  .meta({ id: 'stats' });

const phase = z.object({
  index: z.number(),
  kind: z.enum(['warm-up', 'baseline', 'fault', 'recovery']),
  title: z.string(),
  plannedMs: z.number().describe('Scenario milliseconds at most.'),
  from: momentSchema.nullable().describe('null where the phase was never reached.'),
  to: momentSchema.nullable().describe('null where the phase did not end.'),
  reason: z.string().nullable().describe('Why it ended.'),
  faults: z.array(z.object({ name: z.string(), description: z.string() })),
});

const faultWindow = z.object({
  phase: z.number(),
  name: z.string(),
  description: z.string(),
  from: momentSchema.nullable().describe('When it was in place; null where it never was.'),
  to: momentSchema.nullable().describe('When it was healed; null where it was not.'),
  proof: z.object({
    state: z.enum(['proven', 'unproven', 'none']).describe('none: nothing was recorded.'),
    detail: z.string(),
  }),
  failure: z.string().nullable().describe('Why injecting or healing failed.'),
});

const remedy = z.object({
  phase: z.number(),
  name: z.string(),
  description: z.string(),
  state: z.enum(['applied', 'failed']),
  moment: momentSchema.describe('When it was applied, or was given up.'),
  seen: z.string().describe('The evidence that it took hold, or why it did not.'),
  source: z.string().describe('Where that was seen.'),
  ms: z.number().describe('How long it took, real milliseconds.'),
});

const alert = z.object({
  name: z.string(),
  severity: z.string(),
  summary: z.string(),
  expr: z.string(),
  named: z.boolean().describe('The scenario names it; every other alert must stay silent.'),
  floor: floorJsonSchema,
  bands: z.array(
    z.object({
      state: z.enum(['pending', 'firing']),
      from: momentSchema,
      to: momentSchema,
      open: z.boolean().describe('Still so when the record ended.'),
    }),
  ),
});

const notification = z.object({
  moment: momentSchema,
  alert: z.string(),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  labels: strings,
  annotations: strings,
});

const judgement = z.object({
  id: z.string(),
  kind: z.enum(['metric', 'alert', 'panel', 'log', 'notification', 'invariant', 'silence', 'fault', 'shopper', 'load']),
  title: z.string(),
  chapter: z.string().nullable().describe("The chapter of the incident's story that it tells."),
  verdict,
  headline: z.string(),
  expected: z.string(),
  received: z.string(),
  query: z.string().nullable(),
  timeline: z.array(z.object({ moment: momentSchema, what: z.string() })),
  floor: floorJsonSchema.nullable(),
  decided: momentSchema.nullable(),
  chart: z
    .object({ keys: z.array(z.string()), unit: z.string(), threshold: z.number().nullable() })
    .nullable()
    .describe('Keys of `samples` entries in journal.jsonl.'),
  proves: z.object({ alert: z.string().nullable(), panel: z.string().nullable(), metric: z.string().nullable() }),
});

const panel = z.object({
  dashboard: z.string(),
  row: z.string(),
  panel: z.string(),
  unit: z.string(),
  queries: z.array(z.object({ key: z.string(), legend: z.string(), expr: z.string() })),
  verdict: verdict.nullable().describe('Of the expectations on this panel; null where there is none.'),
  series: z.array(
    z.object({
      name: z.string(),
      before: stats.nullable().describe('Over the baseline phases.'),
      during: stats.nullable().describe('Over the fault phases.'),
      after: stats.nullable().describe('Over the recovery phases.'),
    }),
  ),
});

const detection = z.object({
  alert: z.string(),
  severity: z.string(),
  fault: momentSchema,
  moved: momentSchema.nullable(),
  pending: momentSchema.nullable(),
  firing: momentSchema.nullable(),
  notified: momentSchema.nullable(),
  healed: momentSchema.nullable(),
  resolved: momentSchema.nullable(),
  resolvedNotified: momentSchema.nullable(),
  floor: floorJsonSchema,
  firingMs: z.number().nullable().describe('Fault to firing, scenario milliseconds.'),
  excessMs: z.number().nullable().describe('firingMs beyond the floor, scenario milliseconds.'),
  notifiedMs: z.number().nullable().describe('Fault to the first notification, scenario milliseconds.'),
  resolvedMs: z.number().nullable().describe('Heal to resolved, scenario milliseconds.'),
});

const load = z.object({
  driver: z.string(),
  description: z.string(),
  ticks: z.number().describe('How many entries of it the journal holds.'),
  totals: z
    .object({
      driver: z.string(),
      scheduled: z.number(),
      started: z.number(),
      dropped: z.number(),
      unanswered: z.number(),
      answers: z.array(z.object({ handler: z.string(), method: z.string(), status: z.number(), count: z.number() })),
      outcomes: z.record(z.string(), z.number()),
      receipts: z.number().describe('How many identifiers the system acknowledged.'),
      latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() }),
      startLagMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
      report: z
        .object({
          program: z.string(),
          figures: z.array(z.object({ name: z.string(), value: z.number(), unit: z.string() })),
          thresholds: z.array(
            z.object({
              metric: z.string(),
              limit: z.string(),
              value: z.number().nullable(),
              held: z.boolean().nullable(),
            }),
          ),
        })
        .nullable()
        .describe('What a driver that is a program of its own says of itself (k6); units: ms, share, or none.'),
    })
    .nullable()
    .describe('null where the load never drained; times in real milliseconds.'),
});

const visit = z.object({
  began: momentSchema.describe('The shopper asked for the page.'),
  ended: momentSchema.describe('The shopper knew what came of it.'),
  number: z.number(),
  outcome: z.enum(['bought', 'refused', 'gave up']),
  step: z.enum(['open', 'reserve', 'buy']).describe('How far the shopper came.'),
  usableMs: z.number().nullable().describe('Time to interactive, real milliseconds; null where it never was.'),
  waitedMs: z
    .number()
    .nullable()
    .describe('From the click that reserves until the end, real milliseconds; null where nothing could be clicked.'),
  message: z.string().describe('What the page said last; empty where it said nothing.'),
  pageErrors: z.array(z.string()),
  picture: z.string().nullable().describe("Relative to the run's folder."),
});

export const runJsonSchema = z.object({
  schema: z.literal(RUN_JSON_VERSION),
  id: z.string().describe("'flash-sale/pool-exhausted'"),
  name: z.string(),
  hypothesis: z.string(),
  system: z.string(),
  verdict,
  sentence: z.string().describe('The verdict in one sentence.'),
  exitCode: z.number().nullable().describe('null where the run never reached its end.'),
  complete: z.boolean().describe('false: the journal stops before the end of the run, and the verdict is unknown.'),
  interrupted: z.boolean(),
  speed: z.number().describe('Scenario seconds per real second.'),
  seed: z.number(),
  started: momentSchema,
  ended: momentSchema.describe('The last thing recorded.'),
  origin: z.object({
    at: z.number(),
    what: z
      .enum(['fault', 'start'])
      .describe('What scenario offsets count from: the first fault, else the first phase.'),
  }),
  intervals: z.object({ scrape: z.number(), evaluation: z.number() }).describe('As used, scenario milliseconds.'),
  counts: z.object({ held: z.number(), broken: z.number(), unknown: z.number() }),
  phases: z.array(phase),
  faults: z.array(faultWindow),
  remedies: z.array(remedy).describe('What an operator did to mend things, in the order it was done.'),
  alerts: z.array(alert),
  notifications: z.array(notification),
  judgements: z
    .array(z.object({ phase: z.number().nullable(), title: z.string(), judgements: z.array(judgement) }))
    .describe('Grouped by phase, in order; phase null: judged over the whole run.'),
  panels: z.array(panel),
  detections: z.array(detection),
  load: load.describe('The first of `loads`, or what was planned where none ran.'),
  loads: z.array(load).describe('Every load that ran, in the order they began; one that ran twice is here twice.'),
  visits: z.array(visit).describe('What shoppers in a browser did and saw, in the order their visits ended.'),
  observations: z.array(
    z.object({ moment: momentSchema, invariant: z.string(), facts: z.record(z.string(), z.unknown()) }),
  ),
  services: z.array(
    z.object({
      moment: momentSchema,
      name: z.string(),
      state: z.enum(['ready', 'exited', 'stopped', 'started']),
      detail: z.string(),
      ms: z.number().nullable(),
    }),
  ),
  troubles: z.array(z.object({ moment: momentSchema, code: z.string(), message: z.string() })),
  coverage: z
    .object({ alerts: z.array(z.string()), panels: z.array(z.string()), metrics: z.array(z.string()) })
    .describe('Names that this run proved.'),
  versions: strings,
  settings: strings,
});

export type RunJson = z.infer<typeof runJsonSchema>;
export type Moment = RunJson['started'];
export type Stats = z.infer<typeof stats>;
export type FloorJson = z.infer<typeof floorJsonSchema>;
export type DriverReport = NonNullable<NonNullable<RunJson['load']['totals']>['report']>;
export type Judgement = z.infer<typeof judgement>;
export type PanelReport = z.infer<typeof panel>;
export type Detection = z.infer<typeof detection>;
export type AlertReport = z.infer<typeof alert>;
export type FaultWindow = z.infer<typeof faultWindow>;
export type RemedyReport = z.infer<typeof remedy>;
export type PhaseReport = z.infer<typeof phase>;
export type VisitReport = z.infer<typeof visit>;
export type LoadReport = z.infer<typeof load>;
export type RunVerdict = z.infer<typeof verdict>;

/** The file's content: `run` without what only the drawing needs, indented, ending in a newline. */
export function runJson(run: RunJson): string {
  return `${JSON.stringify(runJsonSchema.parse(run), null, 2)}\n`;
}
