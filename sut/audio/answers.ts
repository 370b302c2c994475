/** How errors are answered: one shape, one place. */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import { DatabaseUnavailable } from '../telemetry/postgres.ts';
import { AppError } from './errors.ts';
import { discardRest } from './uploads.ts';

/** Express' last middleware: turns whatever was thrown into an answer. Only defects are logged with their stack. */
export function answerErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, request, response, next) => {
    if (response.headersSent) {
      // Too late for another answer: Express cuts the connection, which the client can tell from success.
      next(thrown);
      return;
    }
    const error = translate(thrown);
    if (error.code === 'INTERNAL') logger.error({ err: thrown }, 'unexpected error');
    if (error.code === 'DATABASE_UNAVAILABLE') logger.warn({ reason: String(thrown) }, 'the database is unavailable');
    answerError(response, error);
    discardRest(request);
  };
}

export function answerError(response: Response, error: AppError): void {
  const { locals } = response;
  const field = error.problems[0]?.field;
  locals.errorCode = error.code;
  locals.field = field;
  locals.facts = { ...locals.facts, resource: error.resource, ...(field === undefined ? {} : { field }) };
  if (error.status === 503 || error.status === 504) response.setHeader('Retry-After', '1');
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.status(error.status).json({
    error_code: error.code,
    message: error.message,
    resource: error.resource,
    correlation_id: locals.correlationId,
    ...(error.problems.length === 0 ? {} : { fields: error.problems }),
  });
}

/** The `type` of errors thrown by the body parser (its documentation, section Errors), as ours. */
const BODY_ERRORS: Readonly<Record<string, () => AppError>> = {
  'entity.parse.failed': () => of('MALFORMED_REQUEST', 'The body is not valid JSON.'),
  'entity.too.large': () => of('PAYLOAD_TOO_LARGE', 'The body is larger than 4 KiB.'),
  'charset.unsupported': () => of('UNSUPPORTED_MEDIA_TYPE', 'The body must be in UTF-8.'),
  'encoding.unsupported': () => of('UNSUPPORTED_MEDIA_TYPE', 'The body has an unknown encoding.'),
};

const of = (code: 'MALFORMED_REQUEST' | 'PAYLOAD_TOO_LARGE' | 'UNSUPPORTED_MEDIA_TYPE' | 'INTERNAL', message: string) =>
  new AppError(code, { resource: 'request', message });

function translate(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof DatabaseUnavailable) {
    return new AppError('DATABASE_UNAVAILABLE', {
      resource: 'request',
      message: 'We cannot reach our books. Try again in a moment.',
    });
  }
  if (thrown instanceof Error) {
    const { type, status } = thrown as { type?: unknown; status?: unknown };
    const known = typeof type === 'string' ? BODY_ERRORS[type] : undefined;
    if (known !== undefined) return known();
    // Express and its parts mark what the client did wrong: a path that does not decode, a body cut short.
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return of('MALFORMED_REQUEST', 'The request could not be understood.');
    }
  }
  return of('INTERNAL', 'Something went wrong on our side. It has been recorded.');
}
