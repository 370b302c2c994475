/**
 * One request passed on to a service, and its answer passed back: every header as it came, `Host` among them, so that what
 * was signed stays signed; both bodies as they come. An end that breaks is broken for the other end, too.
 */
import { type Agent, request as callUpstream, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import type { Endpoint } from '../harness/stack/service.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client sent `Expect`: it holds its body back until it is told to continue. */
  readonly expects: boolean;
  /** Breaks the connection off at both ends, as a network does: reset, not closed. */
  breakOff(): void;
}

/** What happens to it on the way. */
export interface Treatment {
  readonly requestBody?: Transform;
  /** Resolves when the answer may begin; false where it never does. */
  beforeAnswer?(answer: IncomingMessage): Promise<boolean>;
  responseBody?(answer: IncomingMessage): Transform;
}

/** They concern one connection, and ours to the service is another. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection']);

/** `passed` is called once the whole answer was handed over. */
export function forward(
  { request, response, expects, breakOff }: Exchange,
  { host, port }: Endpoint,
  agent: Agent,
  { requestBody, beforeAnswer, responseBody }: Treatment,
  passed: () => void,
): void {
  const onward = callUpstream({
    host,
    port,
    agent,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: endToEnd(request.rawHeaders),
  });
  let continued = !expects;
  let answered = false;
  onward.on('continue', () => {
    continued = true;
    response.writeContinue();
  });
  onward.on('error', () => {
    if (!answered) breakOff();
  });
  onward.on('response', (answer) => {
    answer.on('error', () => {});
    answer.on('close', () => {
      if (!answer.complete) breakOff();
    });
    void (async () => {
      if (beforeAnswer && !(await beforeAnswer(answer))) return;
      if (response.destroyed) return;
      // A client that was never told to continue may or may not send its body now: only a new connection is certain.
      if (!continued || answer.headers.connection === 'close') response.shouldKeepAlive = false;
      response.sendDate = false;
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', endToEnd(answer.rawHeaders));
      const body = responseBody?.(answer);
      if (body) response.once('close', () => body.destroy());
      (body ? answer.pipe(body) : answer).pipe(response);
    })();
    answer.on('end', () => {
      answered = true;
      if (request.complete) return;
      // The service has said all it had to say before it heard all: what still comes is for nobody.
      request.unpipe();
      request.resume();
      onward.destroy();
    });
  });
  response.once('finish', passed);
  response.once('close', () => {
    requestBody?.destroy();
    if (!response.writableFinished) onward.destroy();
  });
  request.on('error', () => {});
  (requestBody ? request.pipe(requestBody) : request).pipe(onward);
}

/** The declared length of a body; undefined where it does not say. */
export function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Names and values by turns, as Node reads and writes them. */
function endToEnd(raw: readonly string[]): string[] {
  return raw.filter((_, index) => !HOP_BY_HOP.has((raw[index - (index % 2)] ?? '').toLowerCase()));
}
