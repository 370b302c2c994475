/**
 * A fault: something broken on purpose, from outside, the way things really break. It lives as long as its phase.
 */
import type { Endpoint, Stack } from './stack/service.ts';

export interface Fault {
  /** The verb a scenario reads, e.g. 'exhaustPool'. */
  readonly name: string;
  /** One sentence for the report: what is done to what, by which mechanism. */
  readonly description: string;
  /** Names of the services it breaks; `check` refuses a fault on a service the system does not have. */
  readonly targets: readonly string[];
  /** Present where the fault acts on a network link and must sit on it from boot. */
  readonly interception?: Interception<Interceptor>;
  /**
   * Breaks it. Resolves once done, with the way back. `signal` aborts when the run is interrupted; heal still runs then.
   * Throws FAULT_FAILED when it could not be injected.
   */
  inject(stack: Stack, signal: AbortSignal): Promise<Injection>;
}

export interface Injection {
  /**
   * Looks for evidence that the fault took hold, from somewhere other than the metric under test. Asked again at
   * every look at Prometheus until it holds or the phase ends.
   */
  proof(): Promise<Proof>;
  /** Puts everything back and resolves once it is back. Runs whatever happens, exactly once. */
  heal(): Promise<void>;
}

export interface Proof {
  readonly held: boolean;
  /** What was seen, e.g. '10 sessions wait on Lock'. */
  readonly seen: string;
  /** Where it was seen, e.g. 'pg_stat_activity'. */
  readonly source: string;
}

/** A place on the link towards a service, opened before the services that use the link boot. */
export interface Interception<I extends Interceptor> {
  /** The service whose clients are led through the interceptor. */
  readonly to: string;
  /** `listen`: the address it is to listen on, where the services that use the link reach it. */
  open(upstream: Endpoint, listen: string): Promise<I>;
}

export interface Interceptor {
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}
