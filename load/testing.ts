/** A real HTTP server for the tests of load: it counts what it answers, can stall, and plays a tiny sale. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadTarget, LoadTotals } from '../harness/load.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** What it answered, 'checkout POST 201' → count; counted when the answer was handed to the kernel. */
  readonly answers: ReadonlyMap<string, number>;
  /** Bodies of the requests, in the order they came in. */
  readonly bodies: readonly string[];
  /** What the requests said of themselves: authorization, content-type, and how many bytes came. */
  readonly heads: readonly { readonly token?: string; readonly type?: string; readonly bytes: number }[];
  /** performance.now() of each arrival. */
  readonly arrivals: readonly number[];
  /** Codes it sold. */
  readonly sold: ReadonlySet<string>;
  /** Until released, requests are taken in and not answered. */
  stall(): void;
  release(): void;
  /** Breaks every connection, whatever is in flight. */
  cut(): void;
}

export interface TestServerOptions {
  readonly stock?: number;
  readonly perUser?: number;
  readonly delayMs?: number;
}

/** POST /checkout and /purchase, GET /sale, as the flash sale has them. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { stock = Number.POSITIVE_INFINITY, perUser = Number.POSITIVE_INFINITY, delayMs = 0 } = options;
  const answers = new Map<string, number>();
  const [bodies, arrivals]: [string[], number[]] = [[], []];
  const heads: TestServer['heads'][number][] = [];
  const [reserved, perUserCount] = [new Map<string, string>(), new Map<string, number>()];
  const sold = new Set<string>();
  const waiting: (() => void)[] = [];
  let [stalled, codes] = [false, 0];

  const decide = (path: string, text: string): readonly [number, unknown] => {
    if (path === '/upload') return [202, {}];
    const body = text === '' ? {} : JSON.parse(text);
    if (path === '/sale') return [200, { sale: 1, items: [] }];
    if (path === '/purchase') {
      if (!reserved.has(body.code)) return [404, { error_code: 'CODE_UNKNOWN' }];
      sold.add(body.code);
      return [200, {}];
    }
    const count = perUserCount.get(body.user_id) ?? 0;
    if (codes >= stock) return [409, { error_code: 'SOLD_OUT' }];
    if (count >= perUser) return [429, { error_code: 'LIMIT_REACHED' }];
    perUserCount.set(body.user_id, count + 1);
    const code = `code-${codes++}`;
    reserved.set(code, body.user_id);
    return [201, { code }];
  };

  const answer = (request: IncomingMessage, response: ServerResponse, text: string): void => {
    if (response.destroyed) return;
    const path = request.url ?? '/';
    const [status, body] = decide(path, text);
    response.on('finish', () => {
      const key = `${path.slice(1)} ${request.method} ${status}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const server = createServer(async (request, response) => {
    arrivals.push(performance.now());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { authorization: token, 'content-type': type } = request.headers;
    heads.push({
      bytes: body.length,
      ...(token === undefined ? {} : { token }),
      ...(type === undefined ? {} : { type }),
    });
    const text = body.toString();
    bodies.push(text);
    if (stalled) await new Promise<void>((resolve) => waiting.push(resolve));
    if (delayMs > 0) setTimeout(() => answer(request, response, text), delayMs);
    else answer(request, response, text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const release = (): void => {
    stalled = false;
    for (const go of waiting.splice(0)) go();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    bodies,
    heads,
    arrivals,
    sold,
    stall: () => {
      stalled = true;
    },
    release,
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const targetOf = ({ url }: { url: string }, over: Partial<LoadTarget> = {}): LoadTarget => ({
  url,
  seed: 1,
  speed: 1,
  ...over,
});

/** The driver's answers in the form the server counts them in. */
export const counted = (totals: LoadTotals): Map<string, number> =>
  new Map(totals.answers.map(({ handler, method, status, count }) => [`${handler} ${method} ${status}`, count]));
