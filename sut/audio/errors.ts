/**
 * What can go wrong for a client, in one shape: { error_code, message, resource, correlation_id, fields? }. Every error has a
 * code, a status that follows from it, and the resource it is about.
 */

/** Status of each error code. The codes are stable and for programs. */
export const STATUS = {
  VALIDATION: 400,
  MALFORMED_REQUEST: 400,
  CREDENTIALS_MISSING: 401,
  CREDENTIALS_INVALID: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  UPLOAD_STALLED: 408,
  EMAIL_TAKEN: 409,
  ALREADY_FOLLOWING: 409,
  ALREADY_LIKED: 409,
  AUDIO_EXISTS: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  /** Nobody is there any more to read it: nginx's status for a client that went away. */
  UPLOAD_INCOMPLETE: 499,
  INTERNAL: 500,
  EXTERNAL_SERVICE_FAILED: 502,
  DATABASE_UNAVAILABLE: 503,
  EXTERNAL_SERVICE_TIMEOUT: 504,
  DISK_FULL: 507,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** What an error is about. */
export type Resource =
  | 'request'
  | 'user'
  | 'session'
  | 'post'
  | 'audio'
  | 'job'
  | 'follow'
  | 'like'
  | 'feed'
  | 'stream'
  | 'search'
  | 'recommendations'
  | 'settings'
  | 'dead_letter';

/** Why a field was refused. The reasons are labels: a closed list. */
export const REASONS = [
  'missing',
  'invalid_format',
  'too_short',
  'too_long',
  'out_of_range',
  'empty',
  'too_weak',
] as const;
export type Reason = (typeof REASONS)[number];

export interface FieldProblem {
  readonly field: string;
  readonly reason: Reason;
  readonly message: string;
}

export interface ErrorFacts {
  readonly message: string;
  readonly resource: Resource;
  readonly problems?: readonly FieldProblem[];
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly resource: Resource;
  readonly problems: readonly FieldProblem[];

  constructor(code: ErrorCode, { message, resource, problems = [], cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.resource = resource;
    this.problems = problems;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** Nothing there under this id, or nothing the caller may see. */
export const notFound = (resource: Resource): AppError =>
  new AppError('NOT_FOUND', { resource, message: `There is no such ${resource.replace('_', ' ')}.` });
