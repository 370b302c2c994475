/**
 * HTTP telemetry: counts and times every request once, when its connection is done with it, under a handler name that
 * the routes give explicitly. Nothing a client sends becomes a label value, so the number of series is fixed.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Registry } from 'prom-client';
import { acceptCorrelationId, CORRELATION_HEADER, withCorrelationId } from './correlation.ts';
import { Distribution, kept, type Series } from './distribution.ts';
import type { Logger } from './logger.ts';

/** Where requests end that no route took. */
export const UNMATCHED = 'unmatched';

/** nginx's status for a client that went away before its answer; such a request has no status of its own. */
export const CLIENT_CLOSED_REQUEST = 499;

/** Bounds of http_request_duration_seconds. 2 is the latency alert's threshold; 10 outlasts the database's timeouts. */
export const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/** The method where it is a usual one, otherwise 'OTHER'. */
export const methodLabel = (method: string): string => (METHODS.has(method) ? method : 'OTHER');

/** The series of one handler that exist from the first scrape on, at 0. */
export interface ExpectedSeries {
  readonly handler: string;
  readonly method: string;
  readonly statuses: readonly number[];
}

/** A request whose answer is closed. */
export interface FinishedRequest {
  /** As named() has it, or UNMATCHED. */
  readonly handler: string;
  readonly method: string;
  /** 499 where the client did not wait for all of the answer. */
  readonly status: number;
  /** From its arrival to the end of its answer. */
  readonly seconds: number;
  /** Bytes handed to the connection, headers included. */
  readonly responseBytes: number;
  readonly request: Request;
  readonly response: Response;
}

/** Receives each finished request. */
export interface HttpRecorder {
  record(finished: FinishedRequest): void;
}

/** Registers http_requests_total and http_request_duration_seconds, with the expected series at 0. */
export function httpRecorder(registry: Registry, expected: readonly ExpectedSeries[]): HttpRecorder {
  const duration = new Distribution({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    buckets: HTTP_BUCKETS,
    registry,
  });
  // Every request is timed, so the count of timings is the count of requests.
  duration.countAs('http_requests_total', 'HTTP requests answered or given up by the client (status_code 499)');
  const known = new Map<string, Map<string, Map<number, Series>>>();
  const seriesOf = (handler: string, method: string, status: number): Series => {
    const methods = kept(known, handler, () => new Map<string, Map<number, Series>>());
    const statuses = kept(methods, method, () => new Map<number, Series>());
    return kept(statuses, status, () => duration.add({ handler, method, status_code: String(status) }));
  };
  for (const { handler, method, statuses } of expected) {
    for (const status of statuses) seriesOf(handler, method, status);
  }
  return {
    record: ({ handler, method, status, seconds }) => seriesOf(handler, method, status).observe(seconds),
  };
}

/** Names the handler of everything that comes through, for labels and logs. Put it first in a route. */
export function named(handler: string): RequestHandler {
  return (_request, response, next) => {
    response.locals.handler = handler;
    next();
  };
}

/** Accepts or makes the request's correlation id, returns it in the answer, and runs the request under it. */
export function correlate(): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const id = acceptCorrelationId(request.get(CORRELATION_HEADER));
    response.setHeader(CORRELATION_HEADER, id);
    response.locals.correlationId = id;
    withCorrelationId(id, next);
  };
}

/** What a log line calls what its metrics call otherwise: lines and series of a service are looked up by the same words. */
export interface LogNames {
  readonly handler: string;
  readonly status: string;
  /** What was asked for, where no route took it. */
  readonly address: string;
}

const LOG_NAMES: LogNames = { handler: 'handler', status: 'status_code', address: 'path' };

/**
 * Records and logs each request when its answer is closed: 'finish' alone would miss the clients that hang up.
 * An answer that was not completely handed over counts as 499. Either recipient may be left out. What handlers put into
 * `response.locals.facts` goes into the line.
 */
export function observeRequests(
  recorder: HttpRecorder | undefined,
  logger: Logger | undefined,
  names = LOG_NAMES,
): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const began = performance.now();
    // Routers rewrite request.url while they look for a route, and a closed connection is taken away from its answer.
    const path = request.path;
    const { socket } = request;
    const writtenBefore = socket.bytesWritten;
    response.once('close', () => {
      const finished: FinishedRequest = {
        handler: response.locals.handler ?? UNMATCHED,
        method: methodLabel(request.method),
        status: response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST,
        seconds: (performance.now() - began) / 1000,
        responseBytes: socket.bytesWritten - writtenBefore,
        request,
        response,
      };
      recorder?.record(finished);
      if (logger !== undefined) logRequest(logger, names, path, finished);
    });
    next();
  };
}

/** One line a request: info, warn from 400 on, error from 500 on; scrapes and probes at debug. */
function logRequest(logger: Logger, names: LogNames, path: string, finished: FinishedRequest): void {
  const { handler, method, status, seconds, response } = finished;
  const { quiet, errorCode, facts } = response.locals;
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : quiet === true ? 'debug' : 'info';
  if (!logger.isLevelEnabled(level)) return;
  logger[level](
    {
      // 'close' may fire outside of the request's asynchronous context, so the id is given here.
      correlation_id: response.locals.correlationId,
      [names.handler]: handler,
      method,
      // Paths come from outside: bounded, and only where the handler does not say it already.
      ...(handler === UNMATCHED ? { [names.address]: path.slice(0, 200) } : {}),
      [names.status]: status,
      duration_ms: Math.round(seconds * 1e6) / 1000,
      ...(errorCode === undefined ? {} : { error_code: errorCode }),
      ...facts,
    },
    'request',
  );
}

/** Requests to this route are logged at debug level only: scrapes and probes say nothing when all is well. */
export function quiet(): RequestHandler {
  return (_request, response, next) => {
    response.locals.quiet = true;
    next();
  };
}
