/** The audio network as its tests use it: real parts on free ports, asked over HTTP. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  eventually,
  type Part,
  type PostgresPart,
  type RedisPart,
  type S3Part,
  startNode,
  startPostgres,
  startRedis,
  startVersitygw,
} from '../testing.ts';
import { type Ledger, readLedger } from './ledger.ts';

const run = promisify(execFile);
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** What the network runs on. Started once for a file of tests. */
export interface Ground extends AsyncDisposable {
  readonly postgres: PostgresPart;
  readonly redis: RedisPart;
  readonly s3: S3Part;
  /** The folder of the uploads. */
  readonly uploads: string;
  readonly outside: Readonly<Record<'stream' | 'gorse' | 'elasticsearch', Part>>;
}

export async function startGround(): Promise<Ground> {
  const uploads = await mkdtemp(join(tmpdir(), 'uploads-'));
  const simulator = (name: string) => startNode(fileOf(`../third-party/${name}.ts`), {});
  const [postgres, redis, s3, stream, gorse, elasticsearch] = await Promise.all([
    startPostgres(),
    startRedis(),
    startVersitygw(),
    simulator('stream'),
    simulator('gorse'),
    simulator('elasticsearch'),
  ]);
  for (const { port } of [stream, gorse, elasticsearch]) {
    await eventually(async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok);
  }
  return {
    postgres,
    redis,
    s3,
    uploads,
    outside: { stream, gorse, elasticsearch },
    async [Symbol.asyncDispose]() {
      await Promise.all([postgres, redis, s3, stream, gorse, elasticsearch].map((part) => part[Symbol.asyncDispose]()));
      await rm(uploads, { recursive: true, force: true });
    },
  };
}

type Settings = Readonly<Record<string, string | number>>;

export const ADMIN_TOKEN = 'administrators-only';

const shared = ({ postgres, redis, uploads }: Ground) => ({
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  UPLOAD_DIR: uploads,
  LOOK_INTERVAL_MS: '50',
});

const text = (settings: Settings) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));

export interface Service extends Part {
  readonly base: string;
  /** The value of every series, by its text as in the exposition. */
  metrics(): Promise<Map<string, number>>;
  /** Its log so far, line by line. */
  log(): Record<string, unknown>[];
}

async function started(part: Part): Promise<Service> {
  const base = `http://127.0.0.1:${part.port}`;
  try {
    await eventually(async () => (await fetch(`${base}/health`)).status === 200);
  } catch (error) {
    await part[Symbol.asyncDispose]();
    throw new Error(`it did not start:\n${part.output()}`, { cause: error });
  }
  return {
    ...part,
    base,
    metrics: async () => parseExposition(await (await fetch(`${base}/metrics`)).text()),
    log: () =>
      part
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

export async function startWorker(ground: Ground, settings: Settings = {}): Promise<Service> {
  const { s3 } = ground;
  return started(
    await startNode(fileOf('./worker/main.ts'), {
      ...shared(ground),
      S3_ENDPOINT_URL: s3.endpoint,
      S3_ACCESS_KEY: s3.accessKey,
      S3_SECRET_KEY: s3.secretKey,
      ...text({ LEASE_MS: 1_000, RETRY_BACKOFF_SECONDS: 0.1, DISPATCH_INTERVAL_MS: 50, ...settings }),
    }),
  );
}

/** A member, logged in. */
export interface Member {
  readonly id: string;
  readonly token: string;
}

export interface Api extends Service {
  /** `token` of a member; the body as JSON. */
  ask(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: HeadersInit },
  ): Promise<Answer>;
  join(): Promise<Member>;
  /** A new post and an upload to it. */
  upload(member: Member, audio: Uint8Array<ArrayBuffer>, options?: { bpm?: string; type?: string }): Promise<Answer>;
  job(member: Member, id: unknown): Promise<Record<string, unknown>>;
  /** Resolves once the job is over, with how it stands then. */
  over(member: Member, id: unknown, timeoutMs?: number): Promise<Record<string, unknown>>;
}

let members = 0;

export async function startApi(ground: Ground, settings: Settings = {}): Promise<Api> {
  const address = (part: Part) => `http://127.0.0.1:${part.port}`;
  const { stream, gorse, elasticsearch } = ground.outside;
  const service = await started(
    await startNode(fileOf('./main.ts'), {
      ...shared(ground),
      STREAM_URL: address(stream),
      GORSE_URL: address(gorse),
      ELASTICSEARCH_URL: address(elasticsearch),
      TOKEN_SECRET: 'a secret of the tests',
      ADMIN_TOKEN,
      ...text(settings),
    }),
  );
  const ask: Api['ask'] = async (method, path, { token, body, headers } = {}) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(service.base + path, {
      method,
      headers: { ...json, ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return answerOf(response);
  };
  const api: Api = {
    ...service,
    ask,
    async join() {
      members += 1;
      const body = { email: `member-${members}-${Date.now()}@example.com`, password: 'correct horse 1' };
      const { body: session } = await ask('POST', '/register', { body });
      return { id: String(session.user_id), token: String(session.token) };
    },
    async upload({ token }, audio, { bpm = '120', type = 'audio/mpeg' } = {}) {
      const { body: post } = await ask('POST', '/posts', { token, body: { title: 'a tune' } });
      const response = await fetch(`${service.base}/posts/${post.post_id}/audio?bpm=${bpm}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: audio,
      });
      return answerOf(response);
    },
    job: async ({ token }, id) => (await ask('GET', `/jobs/${id}`, { token })).body,
    over: (member, id, timeoutMs) =>
      eventually(async () => {
        const job = await api.job(member, id);
        return job.status === 'done' || job.status === 'dead' ? job : false;
      }, timeoutMs),
  };
  return api;
}

async function answerOf(response: Response): Promise<Answer> {
  const content = await response.text();
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(content) as Record<string, unknown>;
  } catch {
    body = { text: content };
  }
  return { status: response.status, headers: response.headers, body };
}

export function parseExposition(page: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of page.split('\n')) {
    const end = line.lastIndexOf(' ');
    if (end > 0 && !line.startsWith('#')) series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return series;
}

/** The sum of a metric's series whose text has all of these parts. */
export function sum(series: Map<string, number>, name: string, ...parts: readonly string[]): number {
  let total = 0;
  for (const [key, value] of series) {
    if ((key === name || key.startsWith(`${name}{`)) && parts.every((part) => key.includes(part))) total += value;
  }
  return total;
}

/**
 * Resolves once these series have grown by so much, each from before to after. A request is counted when its connection is
 * done with it, a moment later.
 */
export async function growth(
  api: Service,
  series: readonly string[],
  during: () => Promise<unknown>,
  expected: readonly number[],
): Promise<void> {
  const before = await api.metrics();
  await during();
  await eventually(async () => {
    const after = await api.metrics();
    const grown = series.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
    if (grown.join() !== expected.join()) throw new Error(`${series.join('\n')}\ngrew by ${grown}, not ${expected}`);
  }, 3_000);
}

/** The series that counts these requests. */
export const requests = (method: string, path: string, status: number, code = ''): string =>
  `http_requests_total{method="${method}",path="${path}",status="${status}",error_code="${code}"}`;

/** Makes a file with ffmpeg from one of its own sources: `sound('sine=frequency=440:duration=2', ['-c:a', 'libmp3lame'])`. */
export async function sound(
  source: string,
  options: readonly string[],
  suffix = 'mp3',
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'sound-'));
  try {
    const path = join(folder, `sound.${suffix}`);
    await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', source, ...options, path]);
    return new Uint8Array(await readFile(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two seconds of a tone. */
export const clip = () => sound('sine=frequency=440:duration=2', ['-c:a', 'libmp3lame']);

/** Reads the books over a connection of its own. */
export async function ledgerOf({ postgres, s3 }: Ground): Promise<Ledger> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return await readLedger(client, { ...s3, region: 'us-east-1', bucket: 'audio' });
  } finally {
    await client.end();
  }
}

/** What must be so at any time, whatever happened; everything is 0. */
export const SOUND = {
  lost: 0,
  processed_twice: 0,
  endings_wrong: 0,
  dead_without_letter: 0,
  posts_with_wrong_likes: 0,
  objects_missing: 0,
} as const;

/** The processes under this one, by the name of their program. */
export async function childrenOf(pid: number, program: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,comm=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, name]) => Number(parent) === pid && name === program)
    .map(([child]) => Number(child));
}
