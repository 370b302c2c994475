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
const system = z.object({
  metrics: z.array(metric),
  alerts: z.array(z.object({ name: z.string(), severity: z.string() })),
  dashboards: z.array(z.object({ title: z.string(), rows: z.record(z.string(), z.array(z.string())) })),
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

/** Every rule of every rule file, promtool's own tests left out. */
export function readRuleFiles(): Rule[] {
  const folder = inMonitoring('prometheus/rules/');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml') && !name.endsWith('.test.yml'))
    .sort()
    .flatMap((name) => ruleFile.parse(parse(readFileSync(`${folder}${name}`, 'utf8'))).groups)
    .flatMap((group) => group.rules);
}
