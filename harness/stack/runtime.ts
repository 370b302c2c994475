/**
 * Where the services of a stack run: as processes of this machine, or in containers. A runtime is opened before anything
 * boots, because the harness' own listeners must stand where services can reach them; disposing it removes all it made.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint, RunningService, RuntimeName, ServiceDescription } from './service.ts';

export interface Runtime extends AsyncDisposable {
  readonly name: RuntimeName;
  /** Where a listener of the harness listens so that services reach it, and the host by which they call it. */
  readonly doorstep: { readonly listen: string; readonly called: string };
  /**
   * Writes a service's files; it is not started yet. Throws SERVICE_FAILED.
   */
  prepare(order: ServiceOrder): Promise<ManagedService>;
}

/** How the command line hands a runtime to a run. Throws PROGRAM_MISSING, ENGINE_UNAVAILABLE or IMAGE_MISSING. */
export type OpenRuntime = (
  services: readonly ServiceDescription[],
  say: (line: string) => void,
  signal?: AbortSignal,
) => Promise<Runtime>;

/** What a runtime needs to know to make one service of a stack. */
export interface ServiceOrder {
  readonly description: ServiceDescription;
  readonly clock: Clock;
  readonly links: Links;
  readonly logFile: string;
  /** Called when the service ends without having been asked to. */
  readonly onCrash: (service: ManagedService, detail: string) => void;
}

/** Who is where, as the harness sees it. */
export interface Links {
  /** The services of the stack, with their production addresses. */
  readonly services: readonly ServiceDescription[];
  /** Listeners of the harness itself that configuration refers to by a production address. */
  readonly outside: readonly { readonly address: string; readonly endpoint: Endpoint }[];
  /** The port on loopback that is a service's own, or that one of its further ports is published on. */
  port(service: string, inside?: number): number;
  /** What a fault has put in front of a service. */
  interceptor(service: string): Endpoint | undefined;
}

/** A running service as the stack that holds it sees it. */
export interface ManagedService extends RunningService {
  /** The end of its log, for a message. */
  lastLines(): string;
}

/** Production addresses in a text replaced, each where it is not the beginning of a longer one. */
export function replaceAddresses(
  text: string,
  places: readonly { readonly address: string; readonly endpoint: Endpoint }[],
): string {
  return places.reduce(
    (result, { address, endpoint }) =>
      result.replace(new RegExp(`${address}(?!\\d)`, 'g'), `${endpoint.host}:${endpoint.port}`),
    text,
  );
}
