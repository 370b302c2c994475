/**
 * A service is described once and can be started as a process or as a container. What is not started has no instance;
 * what is started can be looked at, paused, killed and started again, and is removed with its stack.
 */
import type { Clock } from '../clock.ts';
import type { Interception, Interceptor } from '../fault.ts';

export type RuntimeName = 'processes' | 'containers';

/** Where something listens, or is reached. */
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
  /** Makes it where no distribution packages it, and resolves with its path; undefined where that cannot be done here. */
  readonly make?: (say: (line: string) => void) => Promise<string | undefined>;
  /** How a person gets it where it can be neither installed nor made. */
  readonly hint?: string;
}

/** How a service runs in a container. Its arguments follow the image's own entrypoint. */
export interface ContainerRecipe {
  readonly image: Image;
  /** Where the image keeps its data: a volume that its user may write. */
  readonly data?: string;
  /** Variables that only the image needs, beside the service's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An official image with its version ('postgres:18.6'), or a Dockerfile of ours. */
export type Image = string | BuiltImage;

/** Built from the project's folder on an official image, which reaches the Dockerfile as the argument BASE. */
export interface BuiltImage {
  /** 'firedrill/flash-sale': its tag is made of what goes into it. */
  readonly name: string;
  /** Absolute paths: the folder to build in, and what in it the image depends on (the Dockerfile among them). */
  readonly context: string;
  readonly dockerfile: string;
  readonly sources: readonly string[];
  readonly base: string;
}

/** What a description may use to prepare and start its service. */
export interface ServiceContext {
  readonly runtime: RuntimeName;
  /** The service's own working folder, as the service sees it. Its files are owned by its account. */
  readonly folder: string;
  /** Where it keeps its data: 'data' in its folder, or the volume of its image. */
  readonly data: string;
  /** The folder it shares with others, as the service sees it; '' where it shares none. */
  readonly shared: string;
  /** Where it is to listen. */
  readonly endpoint: Endpoint;
  /** Where this service reaches another (through an interceptor where a fault sits on that link). */
  reach(service: string): Endpoint;
  /** A further port: itself in a container of its own, 0 (any free one) on a machine shared with others. */
  ownPort(port: number): number;
  readonly clock: Clock;
  /** Whether the stack has this service: production's configuration may speak of more than a run boots. */
  has(service: string): boolean;
  /** Production addresses in a text ('flash-sale:8080') replaced by where those services really listen. */
  localise(text: string): string;
  /** Writes a file into the folder, readable by the account; returns its path as the service sees it. */
  write(name: string, content: string): Promise<string>;
}

/** What a service that runs as a process may use beside that. */
export interface ProcessContext extends ServiceContext {
  /** Runs a one-shot program as the service's account; throws SERVICE_FAILED with its output. */
  run(program: Program, args: readonly string[]): Promise<void>;
}

/** A folder that every service with this name for it shares, and where their image has it. */
export interface SharedFolder {
  readonly name: string;
  readonly path: string;
}

export interface ServiceDescription {
  readonly name: string;
  /** `process.execPath` services (the apps) give 'node'. */
  readonly program: Program;
  /** What it runs itself (ffmpeg): a process needs it on PATH, an image brings its own. */
  readonly runs?: readonly Program[];
  /** Services that must be ready before this one starts. */
  readonly needs: readonly string[];
  /** Postgres refuses to run as root; such services run as this account when we are root. */
  readonly account?: string;
  /** The host name production configuration uses for it, e.g. 'flash-sale:8080'; rewritten to the real endpoint. */
  readonly address: string;
  /** undefined for what runs as a process only. */
  readonly container?: ContainerRecipe;
  readonly shared?: SharedFolder;
  /** Further ports it may open, which a container publishes (an inspector). */
  readonly ports?: readonly number[];
  /** Writes its files. */
  prepare?(context: ServiceContext): Promise<void>;
  /** What an image's entrypoint does by itself in a container: the first steps of a process on an empty folder. */
  initialise?(context: ProcessContext): Promise<void>;
  args(context: ServiceContext): Promise<readonly string[]> | readonly string[];
  env?(context: ServiceContext): Readonly<Record<string, string>>;
  /** Asks the service itself; rejects while it is not ready. Tried again until it resolves or boot times out. */
  ready(endpoint: Endpoint): Promise<void>;
  /** What a person opens, shown by --keep; undefined where there is nothing to open. */
  url?(endpoint: Endpoint): string;
  /** How it is asked to stop; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** One life of a service: another one after each start. */
export interface Instance {
  /** 'process 4711', 'container 3f2a1b7c9d0e' */
  readonly name: string;
  /** Its main process, by the number it has where exec() runs. */
  readonly pid: number;
}

/** What the operating system, or the container engine, says of a service's last instance. */
export interface Sight {
  readonly state: 'running' | 'paused' | 'gone';
  /** 'process 4711 is in state T' */
  readonly seen: string;
  /** 'process table' */
  readonly source: string;
}

/** A service that has been started. Its verbs are what faults use; each resolves when the state is reached. */
export interface RunningService {
  readonly name: string;
  /** Where the harness reaches it, past any interceptor. */
  readonly endpoint: Endpoint;
  /** undefined while it is down. */
  readonly instance: Instance | undefined;
  /** Its standard output and error, in the run's folder. */
  readonly logFile: string;
  look(): Promise<Sight>;
  /** Where the harness reaches what the service says it listens on. Throws where that port is not published. */
  outside(inside: Endpoint): Endpoint;
  /** Runs a program where the service runs, and resolves with its standard output; rejects where it fails. */
  exec(command: string, args: readonly string[]): Promise<string>;
  /** To its main process. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Freezes it where it stands; connections stay open. */
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
  readonly runtime: RuntimeName;
  readonly services: readonly RunningService[];
  /** Throws where there is no such service. */
  service(name: string): RunningService;
  /** The interceptor opened for a fault at boot. Throws where it was not. */
  interceptor<I extends Interceptor>(interception: Interception<I>): I;
}
