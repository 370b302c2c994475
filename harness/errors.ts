/**
 * Errors a person can act on. `code` is stable and for programs; the message says what is wrong, where, what was
 * expected and what to do. The command line prints a FiredrillError without a stack trace; anything else is a defect.
 */
export type ErrorCode =
  | 'BAD_UNIT'
  | 'BAD_OPTION'
  | 'SCENARIO_UNKNOWN'
  | 'SCENARIO_UNLOADABLE'
  | 'SCENARIO_IMPOSSIBLE'
  | 'RULES_UNREADABLE'
  | 'CLOCK_UNSOUND'
  | 'PROGRAM_MISSING'
  | 'ENGINE_UNAVAILABLE'
  | 'IMAGE_MISSING'
  | 'SERVICE_FAILED'
  | 'LOAD_FAILED'
  | 'PROMETHEUS_UNREACHABLE'
  | 'FAULT_FAILED'
  | 'REMEDY_FAILED'
  | 'OUTPUT_UNWRITABLE'
  | 'JOURNAL_UNREADABLE';

export class FiredrillError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FiredrillError';
    this.code = code;
  }
}

/** The message of anything thrown, with the messages of its causes. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || (error as NodeJS.ErrnoException).code || error.name;
  return error.cause === undefined ? own : `${own} (${messageOf(error.cause)})`;
}
