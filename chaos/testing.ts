/** Real services for the tests of faults, booted by the harness' own stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createClock } from '../harness/clock.ts';
import type { Fault, Injection } from '../harness/fault.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { openProcesses } from '../harness/stack/processes.ts';
import type { OpenRuntime } from '../harness/stack/runtime.ts';
import type { Endpoint, Program, ServiceDescription, Stack } from '../harness/stack/service.ts';

const none = { apt: '', dnf: '', brew: '' };
const postgresFolders = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql@*/bin'];
const initdb: Program = { command: 'initdb', why: 'tests', packages: none, folders: postgresFolders };

export const postgres: ServiceDescription = {
  name: 'postgres',
  address: 'postgres:5432',
  program: { command: 'postgres', why: 'tests', packages: none, folders: postgresFolders },
  needs: [],
  account: 'postgres',
  stopSignal: 'SIGINT',
  initialise: (context) =>
    context.run(initdb, ['-D', 'data', '-U', 'postgres', '--auth=trust', '--no-sync', '--no-instructions']),
  args: ({ endpoint }) => ['-D', 'data', '-h', endpoint.host, '-p', `${endpoint.port}`, '-k', '', '-c', 'fsync=off'],
  ready: (endpoint) => query(endpoint, 'select 1').then(() => {}),
};

export const redis: ServiceDescription = {
  name: 'redis',
  address: 'redis:6379',
  program: { command: 'redis-server', why: 'tests', packages: none },
  needs: [],
  args: ({ endpoint }) => ['--bind', endpoint.host, '--port', `${endpoint.port}`, '--save', ''],
  ready: (endpoint) => withRedis(endpoint, (client) => client.ping()).then(() => {}),
};

const APP = `
  import { createServer } from 'node:http';
  createServer((request, response) => response.end(process.env.GREETING ?? 'hello')).listen(process.env.PORT, '127.0.0.1');
`;

/** A Node app as the systems under test are started: it holds no code for faults. */
export const app: ServiceDescription = {
  name: 'app',
  address: 'app:8080',
  program: { command: 'node', why: 'tests', packages: none },
  needs: [],
  args: async (context) => [
    `--inspect-port=${context.endpoint.host}:${context.ownPort(9229)}`,
    await context.write('app.mjs', APP),
  ],
  env: ({ endpoint }) => ({ PORT: `${endpoint.port}` }),
  ready: (endpoint) => greeting(endpoint).then(() => {}),
};

/** Boots the services, with what the faults need on their links. */
export async function testStack(
  services: readonly ServiceDescription[],
  faults: readonly Fault[] = [],
  open: OpenRuntime = openProcesses,
): Promise<Stack> {
  const logFolder = await mkdtemp(join(tmpdir(), 'chaos-test-'));
  const stack = await bootAlone(open, {
    services,
    interceptions: [...new Set(faults.flatMap((fault) => fault.interception ?? []))],
    outside: [],
    clock: createClock(1),
    logFolder,
    say: () => {},
    onReady: () => {},
    onCrash: () => {},
  });
  return {
    ...stack,
    [Symbol.asyncDispose]: async () => {
      await stack[Symbol.asyncDispose]();
      await rm(logFolder, { recursive: true, force: true });
    },
  };
}

export const inject = (fault: Fault, stack: Stack): Promise<Injection> =>
  fault.inject(stack, new AbortController().signal);

export async function query(endpoint: Endpoint, text: string): Promise<readonly unknown[]> {
  const client = new Client({ ...endpoint, user: 'postgres', database: 'postgres', connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

export async function withRedis<T>(endpoint: Endpoint, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ ...endpoint, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

export async function greeting({ host, port }: Endpoint, withinMs = 2_000): Promise<string> {
  const response = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(withinMs) });
  return response.text();
}
