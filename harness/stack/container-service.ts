/** One service as a container: created from its image with its files put in, its output followed into the run's folder. */
import { closeSync, createWriteStream, openSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FiredrillError, messageOf } from '../errors.ts';
import { archiveOf } from './archive.ts';
import type { Container, Engine } from './engine.ts';
import { lastLinesOf } from './log-tail.ts';
import { untilReady } from './readiness.ts';
import type { ManagedService, ServiceOrder } from './runtime.ts';
import type { Endpoint, Instance, ServiceContext, SharedFolder, Sight } from './service.ts';

const STOP_WITHIN_S = 5;
const OUTPUT_WITHIN_MS = 1_000;
const ID_LENGTH = 12;

export interface ContainerOptions extends ServiceOrder {
  readonly engine: Engine;
  readonly image: string;
  readonly context: ServiceContext;
  /** By absolute path in the container. */
  readonly files: ReadonlyMap<string, string>;
  readonly network: string;
  /** Resolves with words for it when the engine is gone. */
  readonly engineGone: Promise<string>;
  readonly labels: Readonly<Record<string, string>>;
}

export class ContainerService implements ManagedService {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly logFile: string;
  readonly #options: ContainerOptions;
  #container: Container | undefined;
  /** The variables it was created with: a container cannot be given others. */
  #env: readonly string[] = [];
  #instance: Instance | undefined;
  #exit: Promise<string> = Promise.resolve('');
  #ready = false;
  /** Set while the container is meant to end, so that its end is no crash. */
  #ending = false;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.name = options.description.name;
    this.endpoint = { host: '127.0.0.1', port: options.links.port(this.name) };
    this.logFile = options.logFile;
    closeSync(openSync(this.logFile, 'a'));
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  async look(): Promise<Sight> {
    const name = this.#container ? nameOf(this.#container) : this.name;
    const status = (await this.#container?.inspect())?.State.Status ?? 'not there';
    const state = status === 'running' || status === 'paused' ? status : 'gone';
    return { state, seen: `${name} is ${status}`, source: 'the container engine' };
  }

  outside({ port }: Endpoint): Endpoint {
    return { host: '127.0.0.1', port: this.#options.links.port(this.name, port) };
  }

  async exec(command: string, args: readonly string[]): Promise<string> {
    const container = this.#running();
    const { exitCode, stdout, output } = await this.#options.engine.container.exec(container, [command, ...args]);
    if (exitCode !== 0) throw new Error(`${command} in ${nameOf(container)} ended with ${exitCode}: ${output.trim()}`);
    return stdout;
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#running().kill({ signal });
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#instance) return;
    const { description, engine, engineGone } = this.#options;
    const variables = this.#variables(env);
    if (!this.#container || variables.join('\0') !== this.#env.join('\0')) await this.#create(variables);
    const container = this.#container as Container;
    this.#ending = false;
    this.#ready = false;
    // Before the start, so that not a line is missed, and none comes twice.
    const output = await engine.container.attach(container);
    const logged = pipeline(output, createWriteStream(this.logFile, { flags: 'a' })).catch(() => undefined);
    const end = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
    end.catch(() => undefined); // heard below, once it has started
    try {
      await container.start();
    } catch (error) {
      output.destroy();
      throw this.#notStarted(error);
    }
    const { State } = await container.inspect();
    // Where the engine is gone, neither the wait for the end nor the output ever ends.
    const exit = Promise.race([end.then(({ StatusCode }) => `exit code ${StatusCode}`, messageOf), engineGone]).then(
      async (detail) => {
        this.#instance = undefined;
        await Promise.race([logged, sleep(OUTPUT_WITHIN_MS, undefined, { ref: false })]);
        if (!this.#ending && this.#ready) this.#options.onCrash(this, detail);
        return detail;
      },
    );
    this.#exit = exit;
    if (State.Running) this.#instance = { name: nameOf(container), pid: 1 };
    await untilReady(description, this, exit, () => this.kill());
    this.#ready = true;
  }

  async pause(): Promise<void> {
    if (this.#instance) await this.#container?.pause();
  }

  async resume(): Promise<void> {
    if (this.#instance) await this.#container?.unpause();
  }

  async kill(): Promise<void> {
    this.#ending = true;
    // Ended by itself in the meantime is as good.
    if (this.#instance) await this.#container?.kill({ signal: 'SIGKILL' }).catch(() => undefined);
    await this.#exit;
  }

  async stop(): Promise<void> {
    if (!this.#instance) return;
    this.#ending = true;
    const container = this.#running();
    if ((await container.inspect()).State.Paused) await container.unpause();
    await container.stop({ t: STOP_WITHIN_S });
    await this.#exit;
  }

  lastLines(): string {
    return lastLinesOf(this.logFile);
  }

  #variables(over: Readonly<Record<string, string>>): string[] {
    const { description, context } = this.#options;
    const all = { ...description.container?.env, ...description.env?.(context), ...over };
    return Object.entries(all).map(([name, value]) => `${name}=${value}`);
  }

  /** In the place of the one before, if there was one, and on its data. */
  async #create(env: readonly string[]): Promise<void> {
    const { description, context, engine, image, network, labels, files, links } = this.#options;
    const before = this.#container;
    const inside = [
      [context.endpoint.port, links.port(this.name)],
      ...(description.ports ?? []).map((port) => [port, links.port(this.name, port)]),
    ];
    const bindings = inside.map(([port, outside]) => [
      `${port}/tcp`,
      [{ HostIp: '127.0.0.1', HostPort: `${outside}` }],
    ]);
    const container = await engine.container.create({
      Image: image,
      Cmd: [...(await description.args(context))],
      Env: [...env],
      Labels: { ...labels },
      StopSignal: description.stopSignal ?? 'SIGTERM',
      ExposedPorts: Object.fromEntries(inside.map(([port]) => [`${port}/tcp`, {}])),
      HostConfig: {
        NetworkMode: network,
        PortBindings: Object.fromEntries(bindings),
        ...(before ? { VolumesFrom: [before.id] } : {}),
        ...(description.shared ? { Mounts: [volumeOf(description.shared, network, labels)] } : {}),
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [hostOf(description.address)] } } },
    });
    if (files.size > 0) {
      const below = new Map([...files].map(([path, content]) => [path.slice(1), content]));
      await container.putArchive(archiveOf(below), { path: '/' });
    }
    this.#container = container;
    this.#env = env;
    await before?.remove({ force: true });
  }

  #running(): Container {
    if (this.#container && this.#instance) return this.#container;
    throw new FiredrillError('FAULT_FAILED', `${this.name} is not running.`);
  }

  #notStarted(error: unknown): FiredrillError {
    const taken = /port is already allocated|address already in use/.test(messageOf(error));
    return new FiredrillError(
      'SERVICE_FAILED',
      taken
        ? `${this.name} could not be published on 127.0.0.1:${this.endpoint.port}: another program took the port in the meantime. Run it again.`
        : `the container of ${this.name} (${this.#options.image}) could not be started: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** 'flash-sale:8080' → 'flash-sale' */
export const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
/** 'flash-sale:8080' → 8080 */
export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** A volume of the stack's own, which takes its first content and its owner from the image, and bears the stack's labels. */
const volumeOf = ({ name, path }: SharedFolder, stack: string, labels: Readonly<Record<string, string>>) => ({
  Type: 'volume' as const,
  Source: `${stack}-${name}`,
  Target: path,
  VolumeOptions: { NoCopy: false, Labels: { ...labels }, DriverConfig: { Name: '', Options: {} } },
});

const nameOf = ({ id }: Container): string => `container ${id.slice(0, ID_LENGTH)}`;
