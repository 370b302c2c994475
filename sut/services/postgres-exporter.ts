import type { ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';
import { postgresUrl } from './postgres.ts';

/** What Postgres says of itself, as metrics: for looking around, not asked by any rule. */
export const postgresExporter: ServiceDescription = {
  name: 'postgres-exporter',
  address: 'postgres-exporter:9187',
  program: {
    command: 'postgres_exporter',
    aliases: ['prometheus-postgres-exporter'],
    why: 'shows what Postgres says of itself',
    packages: { apt: 'prometheus-postgres-exporter', dnf: 'postgres_exporter', brew: 'postgres_exporter' },
  },
  needs: ['postgres'],
  container: { image: 'prometheuscommunity/postgres-exporter:v0.19.1' },
  args: ({ endpoint }) => [`--web.listen-address=${endpoint.host}:${endpoint.port}`, '--log.level=warn'],
  env: ({ reach }) => ({ DATA_SOURCE_NAME: `${postgresUrl(reach('postgres'))}?sslmode=disable` }),
  ready: (endpoint) => answersOk(endpoint, '/metrics'),
  url: ({ host, port }) => `http://${host}:${port}/metrics`,
};
