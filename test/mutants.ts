/** Broken copies of the production monitoring and of the app, to see the drills turn red. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { System } from '../harness/system.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const RULES = join(ROOT, 'monitoring/prometheus/rules/flash-sale.yml');
export const AUDIO_RULES = join(ROOT, 'monitoring/prometheus/rules/audio.yml');
export const PROMETHEUS = join(ROOT, 'monitoring/prometheus/prometheus.yml');
export const ALERTMANAGER = join(ROOT, 'monitoring/alertmanager/alertmanager.yml');
export const DASHBOARD = join(ROOT, 'monitoring/grafana/dashboards/flash-sale.json');

export interface Mutant extends AsyncDisposable {
  readonly path: string;
}

/** A copy of a file with `change` made to its text; throws when the change changes nothing. */
export async function mutate(path: string, change: (text: string) => string): Promise<Mutant> {
  const text = await readFile(path, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`the mutation of ${basename(path)} changes nothing`);
  const folder = await mkdtemp(join(tmpdir(), 'mutant-'));
  const copy = join(folder, basename(path));
  await writeFile(copy, changed);
  return { path: copy, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export type RuleMutation = 'threshold × 1000' | 'rule removed';
/** The third way, another metric, is promtool's business for every alert (monitoring/rules.test.ts). */
export const RULE_MUTATIONS: readonly RuleMutation[] = ['threshold × 1000', 'rule removed'];

/** The rule file with one alert broken in one way; comparisons with 'below' shrink instead of growing. */
export function breakAlert(text: string, alert: string, mutation: RuleMutation): string {
  const document = parseDocument(text);
  for (const group of (document.get('groups') as YAMLSeq<YAMLMap>).items) {
    const rules = group.get('rules') as YAMLSeq<YAMLMap>;
    const index = rules.items.findIndex((rule) => rule.get('alert') === alert);
    const rule = rules.items[index];
    if (!rule) continue;
    if (mutation === 'rule removed') rules.items.splice(index, 1);
    else rule.set('expr', outOfReach(String(rule.get('expr'))));
  }
  return String(document);
}

const outOfReach = (expr: string): string =>
  expr
    .replace(/> ([\d.]+)/g, (_, limit: string) => `> ${Number(limit) * 1000}`)
    .replace(/< ([\d.]+)/g, (_, limit: string) => `< ${Number(limit) / -1000}`);

const TELEMETRY = ['flash-sale/telemetry.ts', 'telemetry/http.ts', 'telemetry/redis.ts'];

/** The system with its app started from a changed copy of its source; `files` below sut/ are those that `change` gets. */
export async function mutateApp(
  system: System,
  change: (source: string) => string,
  files: readonly string[] = TELEMETRY,
): Promise<{ system: System } & AsyncDisposable> {
  // Inside the checkout, so that the copy finds the same node_modules; git ignores the place.
  const parent = join(ROOT, 'reports/out');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'mutant-'));
  await cp(join(ROOT, 'sut'), folder, { recursive: true });
  for (const file of files.map((name) => join(folder, name))) {
    const source = await readFile(file, 'utf8');
    await writeFile(file, change(source));
  }
  const main = join(folder, 'flash-sale/main.ts');
  return {
    system: {
      ...system,
      services: system.services.map((service) =>
        service.name === system.app ? { ...service, args: () => ['--inspect-port=127.0.0.1:0', main] } : service,
      ),
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
