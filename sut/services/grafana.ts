import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseDocument } from 'yaml';
import type { Clock } from '../../harness/clock.ts';
import type { ServiceDescription } from '../../harness/stack/service.ts';
import { duration, milliseconds } from '../../harness/units.ts';
import { answersOk } from './http.ts';

export interface GrafanaFiles {
  readonly datasources: string;
  readonly dashboardProvider: string;
  readonly dashboards: readonly string[];
}

/**
 * Grafana with production's provisioning and dashboards, open to whoever reaches it. Its data source is told the run's own
 * scrape interval: without it `$__rate_interval` would smooth a scrape of 200 ms over a minute.
 */
export const grafana = (files: GrafanaFiles): ServiceDescription => ({
  name: 'grafana',
  address: 'grafana:3000',
  program: {
    command: 'grafana',
    why: 'draws the dashboards, to look at',
    packages: { apt: 'grafana', dnf: 'grafana', brew: 'grafana' },
  },
  needs: ['prometheus'],
  container: { image: 'grafana/grafana:13.2.1', data: '/var/lib/grafana' },
  async prepare(context) {
    const sources = onTheClock(await readFile(files.datasources, 'utf8'), context.clock);
    await context.write('provisioning/datasources/prometheus.yml', context.localise(sources));
    const provider = parseDocument(await readFile(files.dashboardProvider, 'utf8'));
    provider.setIn(['providers', 0, 'options', 'path'], `${context.folder}/dashboards`);
    await context.write('provisioning/dashboards/dashboards.yml', String(provider));
    for (const file of files.dashboards) {
      await context.write(`dashboards/${basename(file)}`, await readFile(file, 'utf8'));
    }
  },
  // The image's entrypoint starts the server; the program wants to be told.
  args: ({ runtime }) => (runtime === 'processes' ? ['server', '--homepath=/usr/share/grafana'] : []),
  env: ({ endpoint, folder, data }) => ({
    GF_SERVER_HTTP_ADDR: endpoint.host,
    GF_SERVER_HTTP_PORT: String(endpoint.port),
    GF_PATHS_DATA: data,
    GF_PATHS_PROVISIONING: `${folder}/provisioning`,
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_LOG_LEVEL: 'warn',
  }),
  ready: (endpoint) => answersOk(endpoint, '/api/health'),
  url: ({ host, port }) => `http://${host}:${port}/dashboards`,
});

/** A data source's `timeInterval` is its scrape interval. */
function onTheClock(datasources: string, clock: Clock): string {
  const document = parseDocument(datasources);
  const path = ['datasources', 0, 'jsonData', 'timeInterval'];
  const interval = document.getIn(path);
  if (typeof interval === 'string') document.setIn(path, duration(clock.scrape(milliseconds(interval as '5s'))));
  return String(document);
}
