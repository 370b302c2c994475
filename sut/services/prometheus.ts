import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, visit, type YAMLMap } from 'yaml';
import { prometheusFlags, scalePrometheusConfig, scaleRuleFile } from '../../harness/clock.ts';
import type { ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';

/** Prometheus with the production files, in copies on the run's clock and with the run's addresses. */
export const prometheus = (files: {
  readonly config: string;
  readonly rules: readonly string[];
  /** Services that a run may do without: the jobs of those it does not boot are left out. */
  readonly extras: readonly ServiceDescription[];
}): ServiceDescription => ({
  name: 'prometheus',
  address: 'prometheus:9090',
  program: {
    command: 'prometheus',
    why: 'scrapes the system and evaluates its rules',
    packages: { apt: 'prometheus', dnf: 'prometheus', brew: 'prometheus' },
  },
  needs: [],
  container: { image: 'prom/prometheus:v3.13.3', data: '/prometheus' },
  async prepare(context) {
    const scaled = scalePrometheusConfig(await readFile(files.config, 'utf8'), context.clock, files.config);
    const absent = files.extras.filter(({ name }) => !context.has(name)).map(({ address }) => address);
    await context.write('prometheus.yml', atRealAddresses(withoutJobsOf(absent, scaled), context.localise));
    for (const file of files.rules) {
      const rules = scaleRuleFile(await readFile(file, 'utf8'), context.clock, file);
      await context.write(`rules/${basename(file)}`, rules);
    }
  },
  args: ({ endpoint, clock, folder, data }) => [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${endpoint.host}:${endpoint.port}`,
    '--log.level=warn',
    ...prometheusFlags(clock),
  ],
  ready: (endpoint) => answersOk(endpoint, '/-/ready'),
  url: ({ host, port }) => `http://${host}:${port}`,
});

/** A job all of whose targets are these addresses has nothing to scrape. */
export function withoutJobsOf(addresses: readonly string[], config: string): string {
  const document = parseDocument(config);
  const jobs = document.get('scrape_configs');
  if (!isSeq(jobs)) return config;
  jobs.items = jobs.items.filter((job) => {
    const groups: unknown = isMap(job) ? job.toJSON().static_configs : undefined;
    const targets = Array.isArray(groups) ? groups.flatMap((group: { targets?: string[] }) => group.targets ?? []) : [];
    return targets.length === 0 || targets.some((target) => !addresses.includes(target));
  });
  return String(document);
}

/**
 * Real addresses in place of production's, while the `instance` labels stay production's ('flash-sale:8080'): series and
 * dashboards then read the same from run to run.
 */
export function atRealAddresses(config: string, localise: (text: string) => string): string {
  const document = parseDocument(config);
  const groups: { group: YAMLMap; instance: string }[] = [];
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || pair.key.value !== 'static_configs' || !isSeq(pair.value)) return;
      for (const group of pair.value.items) {
        const targets = isMap(group) ? group.get('targets') : undefined;
        const first = isSeq(targets) && targets.items.length === 1 ? targets.toJSON()[0] : undefined;
        if (isMap(group) && typeof first === 'string' && !first.includes('/')) groups.push({ group, instance: first });
      }
    },
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string') node.value = localise(node.value);
    },
  });
  for (const { group, instance } of groups) {
    if (!group.hasIn(['labels', 'instance'])) group.setIn(['labels', 'instance'], instance);
  }
  return String(document);
}
