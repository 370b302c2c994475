/** The service as its tests use it: a process on free ports, asked over HTTP. */
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { eventually, type Part, type PostgresPart, type RedisPart, startNode } from '../testing.ts';
import { type Ledger, readLedger } from './ledger.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; the text itself where it is not JSON. */
  readonly body: Record<string, unknown>;
}

export interface Shop extends Part {
  readonly base: string;
  get(path: string, init?: RequestInit): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  checkout(user: string, item?: number): Promise<Answer>;
  purchase(code: unknown): Promise<Answer>;
  /** The value of every series, by its text as in the exposition: 'http_requests_total{handler="sale",…}'. */
  metrics(): Promise<Map<string, number>>;
}

/** Starts the service and waits until it is healthy. Settings go over the defaults. */
export async function startShop(
  parts: { postgres: PostgresPart; redis: Pick<RedisPart, 'url'> },
  settings: Readonly<Record<string, string | number>> = {},
  port?: number,
): Promise<Shop> {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
  const part = await startNode(
    MAIN,
    { DATABASE_URL: parts.postgres.url, REDIS_URL: parts.redis.url, LOG_LEVEL: 'info', ...env },
    port,
  );
  const base = `http://127.0.0.1:${part.port}`;
  const get = async (path: string, init?: RequestInit) => answer(await fetch(base + path, init));
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    get(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const shop: Shop = {
    ...part,
    base,
    get,
    post,
    checkout: (user, item = 1) => post('/checkout', { user_id: user, item_id: item }),
    purchase: (code) => post('/purchase', { code }),
    async metrics() {
      const text = await (await fetch(`${base}/metrics`)).text();
      return parseExposition(text);
    },
  };
  try {
    await eventually(async () => (await get('/health')).status === 200);
  } catch (error) {
    await part[Symbol.asyncDispose]();
    throw new Error(`the shop did not start:\n${part.output()}`, { cause: error });
  }
  return shop;
}

async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    body = { text };
  }
  return { status: response.status, headers: response.headers, body };
}

export function parseExposition(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(' ');
    if (end > 0 && !line.startsWith('#')) series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return series;
}

/** Reads the books over a connection of its own. */
export async function ledgerOf(postgres: PostgresPart): Promise<Ledger> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return await readLedger(client);
  } finally {
    await client.end();
  }
}

/** Forgets every sale, so that a test begins with an empty shop on the same database. */
export async function emptyShop(postgres: PostgresPart): Promise<void> {
  await postgres.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public;');
}

/** What must be so at any time, whatever happened; everything is 0. */
export const SOUND = {
  oversold_items: 0,
  users_over_limit: 0,
  purchases_without_reservation: 0,
  reservations_without_purchase: 0,
  items_with_wrong_counts: 0,
  users_with_wrong_counts: 0,
} as const;
