import { readFile } from 'node:fs/promises';
import { scaleAlertmanagerConfig } from '../../harness/clock.ts';
import type { ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';

/** Alertmanager with the production routes, on the run's clock, alone in its cluster. */
export const alertmanager = (files: { readonly config: string }): ServiceDescription => ({
  name: 'alertmanager',
  address: 'alertmanager:9093',
  program: {
    command: 'alertmanager',
    aliases: ['prometheus-alertmanager'],
    why: 'groups alerts and notifies their receivers',
    packages: { apt: 'prometheus-alertmanager', dnf: 'alertmanager', brew: 'alertmanager' },
  },
  needs: [],
  container: { image: 'prom/alertmanager:v0.34.1', data: '/alertmanager' },
  async prepare(context) {
    const scaled = scaleAlertmanagerConfig(await readFile(files.config, 'utf8'), context.clock, files.config);
    await context.write('alertmanager.yml', context.localise(scaled));
  },
  args: ({ endpoint, folder, data }) => [
    `--config.file=${folder}/alertmanager.yml`,
    `--storage.path=${data}`,
    `--web.listen-address=${endpoint.host}:${endpoint.port}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ],
  ready: (endpoint) => answersOk(endpoint, '/-/ready'),
  url: ({ host, port }) => `http://${host}:${port}`,
});
