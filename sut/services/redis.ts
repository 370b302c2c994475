import { Redis } from 'ioredis';
import type { ServiceDescription } from '../../harness/stack/service.ts';

export const redisUrl = ({ host, port }: { host: string; port: number }): string => `redis://${host}:${port}`;

export const redis: ServiceDescription = {
  name: 'redis',
  address: 'redis:6379',
  program: {
    command: 'redis-server',
    why: 'the cache and lock store of the system',
    packages: { apt: 'redis-server', dnf: 'redis', brew: 'redis' },
  },
  needs: [],
  container: { image: 'redis:8.10.0', data: '/data' },
  // A cache: it keeps nothing over a restart, so a restarted Redis is an empty one.
  args: ({ endpoint }) => [
    '--bind',
    endpoint.host,
    '--port',
    String(endpoint.port),
    // It is reached on loopback, or on the network of the run; neither is open to others.
    '--protected-mode',
    'no',
    '--save',
    '',
    '--appendonly',
    'no',
    '--daemonize',
    'no',
  ],
  async ready(endpoint) {
    const client = new Redis(redisUrl(endpoint), {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  },
};
