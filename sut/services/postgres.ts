import { Client } from 'pg';
import type { Program, ServiceDescription } from '../../harness/stack/service.ts';

const folders = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql@*/bin', '/usr/local/opt/postgresql@*/bin'];
const packages = { apt: 'postgresql', dnf: 'postgresql-server', brew: 'postgresql@17' };
const server: Program = { command: 'postgres', why: 'the database of the system', packages, folders };
const initdb: Program = { command: 'initdb', why: 'makes the database cluster of a run', packages, folders };

/** The address of the one database, as the superuser: clusters live as long as a run and listen on loopback alone. */
export const postgresUrl = ({ host, port }: { host: string; port: number }): string =>
  `postgres://postgres@${host}:${port}/postgres`;

export const postgres: ServiceDescription = {
  name: 'postgres',
  address: 'postgres:5432',
  program: server,
  needs: [],
  // The image makes its cluster by itself, and trusts the network of the run, which nobody else is on.
  container: { image: 'postgres:18.6', env: { POSTGRES_HOST_AUTH_METHOD: 'trust' } },
  account: 'postgres',
  // Fast shutdown: SIGTERM would wait for every client to leave.
  stopSignal: 'SIGINT',
  async initialise(context) {
    await context.run(initdb, [
      '-D',
      'data',
      '-U',
      'postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ]);
  },
  args: ({ endpoint, runtime, data }) => [
    // The image knows its folders, and its entrypoint asks through the socket.
    ...(runtime === 'processes' ? ['-D', data, '-k', ''] : []),
    '-h',
    endpoint.host,
    '-p',
    String(endpoint.port),
    // The cluster never outlives the machine's memory, so a lost power supply is the one thing it need not survive.
    ...settings({
      fsync: 'off',
      full_page_writes: 'off',
      max_connections: '60',
      shared_buffers: '32MB',
      jit: 'off',
      log_connections: 'off',
    }),
  ],
  async ready(endpoint) {
    const client = new Client({ connectionString: postgresUrl(endpoint), connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
    } finally {
      await client.end().catch(() => undefined);
    }
  },
};

const settings = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
