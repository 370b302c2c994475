/**
 * What the simulators of outside services share: a small HTTP server that answers JSON. They are honest: they keep what
 * they are told, in memory and bounded, and answer from it. They have no faults of their own; what breaks is the network.
 */
import { createServer, type IncomingMessage } from 'node:http';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  /** The segments of the path, decoded. */
  readonly path: readonly string[];
  /** The parsed body; undefined where there is none. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const MAX_BODY_BYTES = 1024 ** 2;

/** Serves on HOST and PORT until SIGTERM. `answer` is not asked about /health. undefined is a 404. */
export function serveSimulator(answer: (asked: Asked) => Answer | undefined): void {
  const server = createServer(async (request, response) => {
    let reply: Answer;
    try {
      const url = new URL(request.url ?? '/', 'http://simulator');
      const path = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
      const body = await bodyOf(request);
      const healthy = path.length === 1 && path[0] === 'health';
      reply = healthy
        ? { status: 200, body: { status: 'ok' } }
        : (answer({ method: request.method ?? 'GET', url, path, body }) ?? {
            status: 404,
            body: { error: 'there is nothing here' },
          });
    } catch (error) {
      reply = { status: 400, body: { error: String(error) } };
    }
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  });
  server.keepAliveTimeout = 65_000;
  server.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('the body is too large');
  }
  return text === '' ? undefined : JSON.parse(text);
}

/** A map that forgets what was put in first. */
export class Bounded<Value> extends Map<string, Value> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override set(key: string, value: Value): this {
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#max && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
