/**
 * Calls to services that are not ours: counted, timed, and their failures counted by what went wrong. A call is one
 * request on the wire: nothing here tries again, so that counts are what the other side sees.
 */
import { Counter, type Registry } from 'prom-client';
import { Distribution, kept, type Series } from './distribution.ts';

/** Values of the `error_type` label. */
export const ERROR_TYPES = ['timeout', 'connection', 'server_error', 'client_error', 'invalid_answer'] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** A service with the operations that are asked of it. */
export interface ExternalService {
  readonly service: string;
  readonly operations: readonly string[];
}

/** Receives each finished call. */
export interface ExternalRecorder {
  /** `error`: undefined where the call did what it was to do. */
  call(service: string, operation: string, seconds: number, error: ErrorType | undefined): void;
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Registers the external_call* metrics, with all series of these services at 0. `status` is success or error. */
export function externalRecorder(registry: Registry, services: readonly ExternalService[]): ExternalRecorder {
  const registers = [registry];
  const calls = new Counter({
    name: 'external_calls_total',
    help: 'Calls to outside services',
    labelNames: ['service', 'operation', 'status'],
    registers,
  });
  const errors = new Counter({
    name: 'external_call_errors_total',
    help: 'Calls to outside services that failed',
    labelNames: ['service', 'operation', 'error_type'],
    registers,
  });
  const duration = new Distribution({
    name: 'external_call_duration_seconds',
    help: 'Time a call to an outside service took, failed ones too',
    buckets: BUCKETS,
    registry,
  });
  const known = new Map<string, Series>();
  const seriesOf = (service: string, operation: string) =>
    kept(known, `${service} ${operation}`, () => duration.add({ service, operation }));
  for (const { service, operations } of services) {
    for (const operation of operations) {
      seriesOf(service, operation);
      for (const status of ['success', 'error']) calls.inc({ service, operation, status }, 0);
      for (const error_type of ERROR_TYPES) errors.inc({ service, operation, error_type }, 0);
    }
  }
  return {
    call(service, operation, seconds, error) {
      seriesOf(service, operation).observe(seconds);
      calls.inc({ service, operation, status: error === undefined ? 'success' : 'error' });
      if (error !== undefined) errors.inc({ service, operation, error_type: error });
    },
  };
}
