/** What can go wrong for a client, in one shape: { error_code, message, correlation_id, details? }. */

/** Status of each error code. The codes are stable and for programs. */
export const STATUS = {
  VALIDATION: 400,
  NOT_FOUND: 404,
  CODE_UNKNOWN: 404,
  ITEM_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  SOLD_OUT: 409,
  LIMIT_REACHED: 409,
  SALE_CLOSED: 409,
  CODE_EXPIRED: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  LOCK_BUSY: 429,
  INTERNAL: 500,
  DATABASE_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Problems per field of a request, e.g. { user_id: 'is missing' }. */
export type Details = Readonly<Record<string, string>>;

export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly details: Details | undefined;

  constructor(code: ErrorCode, message: string, details?: Details, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServiceError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return STATUS[this.code];
  }
}
