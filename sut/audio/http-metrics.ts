/**
 * The HTTP metrics of the API: requests with the error code they ended with, durations, sizes, and errors by endpoint and
 * field. Nothing a client sends becomes a label value. `error_code` and `field` are empty where there is none.
 */
import { Counter, type Registry } from 'prom-client';
import { Distribution, kept, type Series } from '../telemetry/distribution.ts';
import {
  CLIENT_CLOSED_REQUEST,
  type FinishedRequest,
  HTTP_BUCKETS,
  type HttpRecorder,
  UNMATCHED,
} from '../telemetry/http.ts';
import { type ErrorCode, STATUS } from './errors.ts';
import { ROUTES } from './routes.ts';

/** The code of a request whose client did not wait for the answer. */
const CLOSED = 'CLIENT_CLOSED_REQUEST';
const NONE = '';
/** From a body of a few fields to the largest upload. */
const SIZE_BUCKETS = [
  256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456,
];

/** What may go wrong with any answer. */
const ALWAYS: readonly ErrorCode[] = ['INTERNAL', 'DATABASE_UNAVAILABLE'];
/** The fields that are validated where a series must be there before the first mistake. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '/register': ['email', 'password'],
  '/login': ['email', 'password'],
  '/posts/:post_id/audio': ['bpm', 'audio'],
};

export interface ApiHttpRecorder extends HttpRecorder {
  /** Something came in that is no HTTP request: what follows a body that was longer than it said. */
  malformed(): void;
}

/** Registers the http_* metrics and handler_errors_total, with what each route may answer at 0. */
export function apiHttpRecorder(registry: Registry): ApiHttpRecorder {
  const registers = [registry];
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests answered or given up by the client (status 499)',
    labelNames: ['method', 'path', 'status', 'error_code'],
    registers,
  });
  const errors = new Counter({
    name: 'http_errors_total',
    help: 'HTTP requests that ended in an error, by the field that was at fault',
    labelNames: ['endpoint', 'status', 'error_code', 'field'],
    registers,
  });
  const handlerErrors = new Counter({
    name: 'handler_errors_total',
    help: 'Errors by the handler they came out of',
    labelNames: ['handler', 'error_code'],
    registers,
  });
  const seconds = distribution(registry, {
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    buckets: HTTP_BUCKETS,
  });
  const requestSize = distribution(registry, {
    name: 'http_request_size_bytes',
    help: 'Bytes of the body that came in',
    buckets: SIZE_BUCKETS,
  });
  const responseSize = distribution(registry, {
    name: 'http_response_size_bytes',
    help: 'Bytes of the answer, headers included',
    buckets: SIZE_BUCKETS,
  });
  for (const { handler, method, path, success, errors: codes } of Object.values(ROUTES)) {
    requestSize({ method, path });
    expect({ method, path, status: String(success) }, NONE);
    expect({ method, path, status: String(CLIENT_CLOSED_REQUEST) }, CLOSED);
    for (const error_code of new Set<ErrorCode>([...codes, ...ALWAYS])) {
      const status = String(STATUS[error_code]);
      expect({ method, path, status }, error_code);
      handlerErrors.inc({ handler, error_code }, 0);
      const fields = error_code === 'VALIDATION' ? FIELDS[path] : undefined;
      for (const field of fields ?? [NONE]) errors.inc({ endpoint: path, status, error_code, field }, 0);
    }
  }
  for (const method of ['GET', 'POST']) {
    requestSize({ method, path: UNMATCHED });
    expect({ method, path: UNMATCHED, status: '404' }, 'NOT_FOUND');
  }

  const malformed = {
    method: 'OTHER',
    path: UNMATCHED,
    status: String(STATUS.MALFORMED_REQUEST),
    error_code: 'MALFORMED_REQUEST',
  };
  requests.inc(malformed, 0);

  function expect(labels: { method: string; path: string; status: string }, error_code: string): void {
    requests.inc({ ...labels, error_code }, 0);
    seconds(labels);
    responseSize(labels);
  }

  return {
    malformed() {
      const { path, status, error_code } = malformed;
      requests.inc(malformed);
      errors.inc({ endpoint: path, status, error_code, field: NONE });
      handlerErrors.inc({ handler: UNMATCHED, error_code });
    },
    record(finished) {
      const { handler: path, method, response } = finished;
      const status = String(finished.status);
      const error_code = codeOf(finished);
      requests.inc({ method, path, status, error_code });
      seconds({ method, path, status }).observe(finished.seconds);
      responseSize({ method, path, status }).observe(finished.responseBytes);
      requestSize({ method, path }).observe(bodyBytes(finished));
      if (error_code === NONE) return;
      errors.inc({ endpoint: path, status, error_code, field: response.locals.field ?? NONE });
      handlerErrors.inc({ handler: response.locals.function ?? UNMATCHED, error_code });
    },
  };
}

const codeOf = ({ status, response }: FinishedRequest): string =>
  response.locals.errorCode ?? (status === CLIENT_CLOSED_REQUEST ? CLOSED : NONE);

/** What a handler counted, or else what the client announced. */
function bodyBytes({ request, response }: FinishedRequest): number {
  const counted: unknown = response.locals.receivedBytes;
  if (typeof counted === 'number') return counted;
  const announced = Number(request.headers['content-length'] ?? 0);
  return Number.isFinite(announced) ? announced : 0;
}

type Labels = Readonly<Record<string, string>>;

/** A histogram whose series are made when they are first asked for. */
function distribution(
  registry: Registry,
  options: { name: string; help: string; buckets: readonly number[] },
): (labels: Labels) => Series {
  const metric = new Distribution({ ...options, registry });
  const known = new Map<string, Series>();
  return (labels) => kept(known, Object.values(labels).join(' '), () => metric.add(labels));
}
