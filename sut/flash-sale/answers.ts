/** How errors are answered: one shape, one place. */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import { DatabaseUnavailable } from '../telemetry/postgres.ts';
import { ServiceError } from './errors.ts';

/** Codes worth trying again, after this many seconds. */
const RETRY_AFTER_SECONDS: Readonly<Record<string, number>> = { LOCK_BUSY: 1, DATABASE_UNAVAILABLE: 1 };

/** Express' last middleware: turns whatever was thrown into an answer. Only defects are logged with their stack. */
export function answerErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, _request, response, next) => {
    if (response.headersSent) {
      // Too late for another answer: Express cuts the connection, which the client can tell from success.
      next(thrown);
      return;
    }
    const error = translate(thrown);
    if (error.code === 'INTERNAL') logger.error({ err: thrown }, 'unexpected error');
    if (error.code === 'DATABASE_UNAVAILABLE') logger.warn({ reason: String(thrown) }, 'the database is unavailable');
    answerError(response, error);
  };
}

export function answerError(response: Response, error: ServiceError): void {
  const { correlationId } = response.locals;
  response.locals.errorCode = error.code;
  const retry = RETRY_AFTER_SECONDS[error.code];
  if (retry !== undefined) response.setHeader('Retry-After', String(retry));
  response.status(error.status).json({
    error_code: error.code,
    message: error.message,
    correlation_id: correlationId,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}

/** The `type` of errors thrown by the body parser (its documentation, section Errors), as ours. */
const BODY_ERRORS: Readonly<Record<string, () => ServiceError>> = {
  'entity.parse.failed': () => new ServiceError('VALIDATION', 'The body is not valid JSON.'),
  'entity.too.large': () => new ServiceError('PAYLOAD_TOO_LARGE', 'The body is larger than 4 KiB.'),
  'charset.unsupported': () => new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'The body must be in UTF-8.'),
  'encoding.unsupported': () => new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'The body has an unknown encoding.'),
};

function translate(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof DatabaseUnavailable) {
    return new ServiceError('DATABASE_UNAVAILABLE', 'The shop cannot reach its books. Try again in a moment.');
  }
  if (thrown instanceof Error) {
    const { type, status } = thrown as { type?: unknown; status?: unknown };
    const known = typeof type === 'string' ? BODY_ERRORS[type] : undefined;
    if (known !== undefined) return known();
    // Express and its parts mark what the client did wrong: a path that does not decode, a body cut short.
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return new ServiceError('VALIDATION', 'The request could not be understood.');
    }
  }
  return new ServiceError('INTERNAL', 'Something went wrong on our side. It has been recorded.');
}
