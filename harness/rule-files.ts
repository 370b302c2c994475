/** The files Prometheus and Alertmanager are given, as far as time and names in them concern us; the rest passes through. */
import { z } from 'zod';
import { prometheusMilliseconds } from './promql-tree.ts';

const DURATION = "expected a duration such as '30s' or '1h30m'";
/** Stays text; `ms()` turns it into a number once it is known to be one. */
export const durationText = z
  .union([z.string(), z.number()], { error: DURATION })
  .transform(String)
  .refine((text) => prometheusMilliseconds(text) !== undefined, {
    error: (issue) => `${DURATION}, got '${String(issue.input)}'`,
  });
const interval = durationText.refine((text) => ms(text) > 0, { error: `${DURATION}, longer than nothing` });

/** Milliseconds of a duration that has been validated. */
export const ms = (text: string): number => prometheusMilliseconds(text) ?? Number.NaN;

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.record(z.string(), text, { error: 'expected names with text' }).nullish();
const expression = z.union([z.string(), z.number()], { error: 'expected a PromQL expression' }).transform(String);

const rule = z
  .looseObject({
    alert: z.string({ error: 'expected the name of an alert' }).optional(),
    record: z.string({ error: 'expected the name of a recorded metric' }).optional(),
    expr: expression,
    for: durationText.optional(),
    keep_firing_for: durationText.optional(),
    labels: texts,
    annotations: texts,
  })
  .refine((it) => (it.alert === undefined) !== (it.record === undefined), {
    error: "expected a rule with either 'alert' or 'record'",
  })
  .refine((it) => it.record === undefined || (it.for ?? it.keep_firing_for) === undefined, {
    error: "expected no 'for' or 'keep_firing_for' in a recording rule",
  });

export const ruleFile = z.looseObject(
  {
    groups: z.array(
      z.looseObject({
        name: z.string({ error: 'expected the name of a group' }),
        interval: interval.optional(),
        query_offset: durationText.optional(),
        rules: z.array(rule, { error: 'expected a list of rules' }).nullish(),
      }),
      { error: "expected a list of rule groups under 'groups'" },
    ),
  },
  { error: "expected a rule file with 'groups'" },
);
export type Rule = z.infer<typeof rule>;

const scraping = { scrape_interval: interval.optional(), scrape_timeout: interval.optional() };
export const prometheusFile = z.looseObject(
  {
    global: z.looseObject({ ...scraping, evaluation_interval: interval.optional() }).nullish(),
    scrape_configs: z.array(z.looseObject({ job_name: z.string(), ...scraping })).nullish(),
  },
  { error: 'expected a Prometheus configuration' },
);

export interface Route {
  group_wait?: string | undefined;
  group_interval?: string | undefined;
  repeat_interval?: string | undefined;
  mute_time_intervals?: unknown;
  active_time_intervals?: unknown;
  routes?: Route[] | null | undefined;
  [other: string]: unknown;
}
const route: z.ZodType<Route> = z.lazy(() =>
  z.looseObject({
    group_wait: durationText.optional(),
    group_interval: interval.optional(),
    repeat_interval: interval.optional(),
    routes: z.array(route).nullish(),
  }),
);
export const alertmanagerFile = z.looseObject(
  {
    global: z.looseObject({ resolve_timeout: interval.optional() }).nullish(),
    route: route,
  },
  { error: "expected an Alertmanager configuration with a 'route'" },
);
