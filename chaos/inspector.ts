/**
 * A way into a running Node process, from outside: SIGUSR1 makes any Node process open its inspector, which says in its
 * log where, and speaks the Chrome DevTools protocol. The app must be started with an `--inspect-port` of its own, which
 * its description names among its ports; it holds no code for this.
 */
import { readFile } from 'node:fs/promises';
import { FiredrillError } from '../harness/errors.ts';
import type { Instance, RunningService } from '../harness/stack/service.ts';
import { until } from './patience.ts';
import { running } from './running.ts';

const OPEN_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 5_000;

export interface Inspector {
  /** Runs an expression in the app; the value comes as JSON. Throws FAULT_FAILED with what the app threw. */
  evaluate(expression: string): Promise<unknown>;
  /** Garbage that nothing refers to is collected. */
  collectGarbage(): Promise<void>;
}

/**
 * One session for one piece of work. Nothing depends on a session that was opened before: what a fault plants in an app,
 * another session finds and takes out. Throws FAULT_FAILED.
 *
 * The app's inspector stays open afterwards, an idle listener on loopback. Closing it (node:inspector's close()) can
 * crash the process while a session is at work: Node 24.21 died of SIGSEGV within a few dozen tries.
 */
export async function withInspector<T>(
  service: RunningService,
  work: (inspector: Inspector) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const session = await openSession(service, signal);
  try {
    return await work(session);
  } finally {
    session.disconnect();
  }
}

async function openSession(service: RunningService, signal?: AbortSignal): Promise<Session> {
  const instance = running(service);
  let session: Session | undefined;
  await until(
    `the inspector of ${service.name} answers`,
    async () => {
      const url = await lastAddress(service);
      session = url === undefined ? undefined : await joinAs(instance, url);
      // Without effect where the inspector is open already.
      if (session === undefined) await service.signal('SIGUSR1');
      return session !== undefined;
    },
    { withinMs: OPEN_WITHIN_MS, ...(signal === undefined ? {} : { signal }) },
  );
  if (session === undefined) throw new FiredrillError('FAULT_FAILED', `no inspector session with ${service.name}`);
  return session;
}

/** undefined where nobody answers, or another: the log may tell of an earlier process, whose port was taken since. */
async function joinAs({ pid }: Instance, url: string): Promise<Session | undefined> {
  const session = await Session.open(url).catch(() => undefined);
  if (session === undefined) return undefined;
  if ((await session.evaluate('process.pid').catch(() => undefined)) === pid) return session;
  session.disconnect();
  return undefined;
}

/** 'ws://127.0.0.1:40123/6f0…' from the last 'Debugger listening on …' in the log, as we reach it. */
async function lastAddress(service: RunningService): Promise<string | undefined> {
  const log = await readFile(service.logFile, 'utf8');
  const at = log.lastIndexOf('Debugger listening on ws://');
  const said = at < 0 ? undefined : /ws:\/\/\S+/.exec(log.slice(at))?.[0];
  if (said === undefined) return undefined;
  const { hostname, port, pathname } = new URL(said);
  const reached = service.outside({ host: hostname, port: Number(port) });
  return `ws://${reached.host}:${reached.port}${pathname}`;
}

interface Reply {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
  };
}

/** One session of the protocol: JSON messages over a WebSocket, answers matched by number. */
class Session implements Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  static async open(url: string): Promise<Session> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)), { once: true });
    });
    return new Session(socket);
  }

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
    socket.addEventListener('close', () => {
      for (const [id, answer] of this.#waiting) answer({ id, error: { message: 'the session was lost' } });
    });
  }

  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    const thrown = result?.exceptionDetails;
    if (thrown) {
      throw new FiredrillError('FAULT_FAILED', `the app threw: ${thrown.exception?.description ?? thrown.text}`);
    }
    return result?.result?.value;
  }

  async collectGarbage(): Promise<void> {
    await this.#call('HeapProfiler.collectGarbage', {});
  }

  disconnect(): void {
    this.#socket.close();
  }

  async #call(method: string, params: unknown): Promise<Reply> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      throw new FiredrillError('FAULT_FAILED', 'the inspector session was lost');
    }
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(
      () => resolve({ error: { message: `no answer within ${ANSWER_WITHIN_MS / 1000} s` } }),
      ANSWER_WITHIN_MS,
    );
    try {
      this.#socket.send(JSON.stringify({ id, method, params }));
      const reply = await promise;
      if (reply.error) throw new FiredrillError('FAULT_FAILED', `${method}: ${reply.error.message}`);
      return reply;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }
}
