/** Test helper: a real Postgres and Redis, and an app as its own process, all on free loopback ports. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { locatePrograms } from '../harness/stack/programs.ts';
import { VERSITYGW } from './services/versitygw.ts';

const run = promisify(execFile);

/** A process of a test, gone with its disposal and with the test run however that ends. */
export interface Part extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** What it wrote to standard output and error so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or null where a signal ended it. */
  exited(): Promise<number | null>;
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stop: NodeJS.Signals;
  readonly cleanUp?: () => Promise<void>;
}

function launch({ command, args, port, env, cwd, stop, cleanUp }: Launch): Part {
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: env ?? process.env,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGCONT');
      child.kill(stop);
      const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exit;
      clearTimeout(insist);
    }
    await cleanUp?.();
  };
  return {
    port,
    pid: child.pid ?? 0,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    exited: () => exit,
    [Symbol.asyncDispose]: end,
  };
}

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Asks until the answer is no error and not false. Throws the last error after `timeoutMs`. */
export async function eventually<T>(ask: () => Promise<T> | T, timeoutMs = 20_000): Promise<Exclude<T, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false) return answer as Exclude<T, false>;
      if (performance.now() > deadline) throw new Error(`still false after ${timeoutMs} ms: ${ask}`);
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(20);
  }
}

export interface PostgresPart extends Part {
  readonly url: string;
  /** Runs one query on a connection of its own. */
  query(text: string): Promise<Record<string, unknown>[]>;
}

/** Starts an empty cluster in a folder of its own. As root it runs under the account `postgres`. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresPart> {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
  const bin = await postgresFolder();
  const account: string[] = [];
  if (process.getuid?.() === 0) {
    account.push('--reuid=postgres', '--regid=postgres', '--init-groups');
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    await chown(folder, Number(uid.stdout), Number(gid.stdout));
  }
  const data = join(folder, 'data');
  await run('setpriv', [...account, join(bin, 'initdb'), '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'], {
    cwd: folder,
  });
  const port = await freePort();
  const all = {
    fsync: 'off',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '60',
    ...settings,
  };
  const part = launch({
    command: 'setpriv',
    args: [
      ...account,
      // Set again: a change of account clears the one of the outer setpriv.
      ...['--pdeathsig', 'QUIT'],
      ...[join(bin, 'postgres'), '-D', data, '-p', String(port)],
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    port,
    cwd: folder,
    stop: 'SIGINT',
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const query = async (text: string) => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  };
  await eventually(() => query('SELECT 1'));
  return { ...part, url, query };
}

async function postgresFolder(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error(`No Postgres under ${root}: apt-get install postgresql`);
  return join(root, newest, 'bin');
}

export interface RedisPart extends Part {
  readonly url: string;
  /** Runs one command on a connection of its own. */
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** Starts a Redis that keeps nothing; `port` where it must come back to an address. */
export async function startRedis(port?: number): Promise<RedisPart> {
  const chosen = port ?? (await freePort());
  const part = launch({
    command: 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(chosen), '--save', '', '--appendonly', 'no'],
    port: chosen,
    cwd: tmpdir(),
    stop: 'SIGTERM',
  });
  const url = `redis://127.0.0.1:${chosen}`;
  const call = async (command: string, ...args: string[]) => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  };
  await eventually(() => call('ping'));
  return { ...part, url, call };
}

export interface S3Part extends Part {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Starts an empty versitygw; `port` where it must come back to an address, with nothing of what it had. */
export async function startVersitygw(port?: number): Promise<S3Part> {
  const chosen = port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'versitygw-'));
  const [accessKey, secretKey] = ['tester', 'not-a-secret'];
  await Promise.all(['objects', 'meta'].map((name) => mkdir(join(folder, name))));
  const command = (await locatePrograms([VERSITYGW], () => {}))(VERSITYGW);
  const part = launch({
    command,
    args: [
      '--port',
      `127.0.0.1:${chosen}`,
      '--health',
      '/health',
      '--quiet',
      'posix',
      '--sidecar',
      join(folder, 'meta'),
      join(folder, 'objects'),
    ],
    port: chosen,
    env: { ...process.env, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    cwd: folder,
    stop: 'SIGTERM',
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
  const endpoint = `http://127.0.0.1:${chosen}`;
  await eventually(async () => (await fetch(`${endpoint}/health`)).ok);
  return { ...part, endpoint, accessKey, secretKey };
}

/** Starts a program of ours under the Node that runs the tests, and returns at once. PORT is set to a free port. */
export async function startNode(file: string, env: NodeJS.ProcessEnv, port?: number): Promise<Part> {
  const chosen = port ?? (await freePort());
  return launch({
    command: process.execPath,
    args: ['--inspect-port=127.0.0.1:0', file],
    port: chosen,
    env: { ...process.env, NODE_ENV: 'production', PORT: String(chosen), ...env },
    stop: 'SIGTERM',
  });
}
