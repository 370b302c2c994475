/** Reads what the generated names are made of: the catalog, the rule files and the dashboards. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const metric = z.object({
  name: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'rule']),
  labels: z.array(z.string()),
});
/** A dashboard that is not divided into rows has its panels in one without a title. */
const dashboard = z
  .object({
    title: z.string(),
    rows: z.record(z.string(), z.array(z.string())).optional(),
    panels: z.array(z.string()).optional(),
  })
  .transform(({ title, rows, panels = [] }) => ({ title, rows: rows ?? { '': panels } }));
const system = z.object({
  metrics: z.array(metric),
  alerts: z.array(z.object({ name: z.string(), severity: z.string(), for: z.string().optional() })),
  dashboards: z.array(dashboard),
});
const rule = z.object({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const ruleFile = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) });

export type Metric = z.infer<typeof metric>;
export type System = z.infer<typeof system>;
export type Rule = z.infer<typeof rule>;

/** A path inside monitoring/. */
export const inMonitoring = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The systems of catalog.json by name. */
export function readCatalog(): Record<string, System> {
  const text = readFileSync(inMonitoring('catalog.json'), 'utf8');
  return z.object({ systems: z.record(z.string(), system) }).parse(JSON.parse(text)).systems;
}

const RULES = 'prometheus/rules/';

/** The systems that have a rule file, by its name; promtool's own tests are none. */
export const systemsWithRules = (): string[] =>
  readdirSync(inMonitoring(RULES))
    .filter((name) => name.endsWith('.yml') && !name.endsWith('.test.yml'))
    .map((name) => name.replace(/\.yml$/, ''))
    .sort();

/** Every rule of a system, in the order of its file. */
export function readRules(system: string): Rule[] {
  const text = readFileSync(inMonitoring(`${RULES}${system}.yml`), 'utf8');
  return ruleFile.parse(parse(text)).groups.flatMap((group) => group.rules);
}

/** Every rule of every system. */
export const readRuleFiles = (): Rule[] => systemsWithRules().flatMap(readRules);
