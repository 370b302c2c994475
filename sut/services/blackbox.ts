import { readFile } from 'node:fs/promises';
import type { ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';

/** Asks the system's health endpoint from outside, as production's probes do. */
export const blackbox = (files: { readonly config: string }): ServiceDescription => ({
  name: 'blackbox',
  address: 'blackbox:9115',
  program: {
    command: 'blackbox_exporter',
    aliases: ['prometheus-blackbox-exporter'],
    why: "probes the system's health endpoint",
    packages: { apt: 'prometheus-blackbox-exporter', dnf: 'blackbox_exporter', brew: 'blackbox_exporter' },
  },
  needs: [],
  container: { image: 'prom/blackbox-exporter:v0.28.0' },
  async prepare(context) {
    await context.write('blackbox.yml', await readFile(files.config, 'utf8'));
  },
  args: ({ endpoint, folder }) => [
    `--config.file=${folder}/blackbox.yml`,
    `--web.listen-address=${endpoint.host}:${endpoint.port}`,
    // Its default of half a second is more than a whole scrape on a fast clock.
    '--timeout-offset=0.02',
    '--log.level=warn',
  ],
  ready: (endpoint) => answersOk(endpoint, '/-/healthy'),
  url: ({ host, port }) => `http://${host}:${port}`,
});
