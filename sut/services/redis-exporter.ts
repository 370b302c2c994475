import type { ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';
import { redisUrl } from './redis.ts';

/** What Redis says of itself, as metrics: for looking around, not asked by any rule. */
export const redisExporter: ServiceDescription = {
  name: 'redis-exporter',
  address: 'redis-exporter:9121',
  program: {
    command: 'redis_exporter',
    aliases: ['prometheus-redis-exporter'],
    why: 'shows what Redis says of itself',
    packages: { apt: 'prometheus-redis-exporter', dnf: 'redis_exporter', brew: 'redis_exporter' },
  },
  needs: ['redis'],
  container: { image: 'oliver006/redis_exporter:v1.89.0' },
  args: ({ endpoint, reach }) => [
    `--web.listen-address=${endpoint.host}:${endpoint.port}`,
    `--redis.addr=${redisUrl(reach('redis'))}`,
  ],
  ready: (endpoint) => answersOk(endpoint, '/metrics'),
  url: ({ host, port }) => `http://${host}:${port}/metrics`,
};
