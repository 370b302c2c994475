/**
 * A service is described once and can be started as a process (or, later, as a container). What is not started has no
 * process id; what is started can be paused, killed and started again, and is removed with its stack.
 */
import type { Clock } from '../clock.ts';
import type { Interception, Interceptor } from '../fault.ts';

/** Where something listens: always loopback for a process. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A program looked for on PATH (and in `folders`); `packages` says how to get it where it is missing. */
export interface Program {
  readonly command: string;
  readonly why: string;
  readonly packages: { readonly apt: string; readonly dnf: string; readonly brew: string };
  /** Other names of the same program (Debian prefixes some), and folders beside PATH; '*' stands for a version. */
  readonly aliases?: readonly string[];
  readonly folders?: readonly string[];
}

/** What a description may use to prepare and start its service. */
export interface ServiceContext {
  /** The service's own working folder, owned by its account, removed with the stack. */
  readonly folder: string;
  readonly endpoint: Endpoint;
  /** Where this service reaches another (through an interceptor where a fault sits on that link). */
  reach(service: string): Endpoint;
  readonly clock: Clock;
  /** Production addresses in a text ('flash-sale:8080') replaced by where those services really listen. */
  localise(text: string): string;
  /** Runs a one-shot program as the service's account; throws SERVICE_FAILED with its output. */
  run(program: Program, args: readonly string[]): Promise<void>;
  /** Where a program was found. */
  locate(program: Program): string;
  /** Writes a file into the folder, readable by the account; returns its path. */
  write(name: string, content: string): Promise<string>;
}

export interface ServiceDescription {
  readonly name: string;
  /** `process.execPath` services (the apps) give 'node'. */
  readonly program: Program;
  /** Services that must be ready before this one starts. */
  readonly needs: readonly string[];
  /** Postgres refuses to run as root; such services run as this account when we are root. */
  readonly account?: string;
  /** The host name production configuration uses for it, e.g. 'flash-sale:8080'; rewritten to the real endpoint. */
  readonly address: string;
  prepare?(context: ServiceContext): Promise<void>;
  args(context: ServiceContext): Promise<readonly string[]> | readonly string[];
  env?(context: ServiceContext): Readonly<Record<string, string>>;
  /** Asks the service itself; rejects while it is not ready. Tried again until it resolves or boot times out. */
  ready(endpoint: Endpoint): Promise<void>;
  /** What a person opens, shown by --keep; undefined where there is nothing to open. */
  url?(endpoint: Endpoint): string;
  /** How it is asked to stop; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** A service that has been started. Its verbs are what faults use; each resolves when the state is reached. */
export interface RunningService {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** undefined while it is down. */
  readonly pid: number | undefined;
  /** Its standard output and error, in the run's folder. */
  readonly logFile: string;
  /** Stops the process where it stands (SIGSTOP); connections stay open. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Asks it to end, then insists. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data and waits until it is ready; `env` overrides single variables. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
}

/** The booted services of one run. */
export interface Stack extends AsyncDisposable {
  readonly services: readonly RunningService[];
  /** Throws where there is no such service. */
  service(name: string): RunningService;
  /** The interceptor opened for a fault at boot. Throws where it was not. */
  interceptor<I extends Interceptor>(interception: Interception<I>): I;
}
