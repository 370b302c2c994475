/**
 * Boots services as processes: ports first, interceptors on the links that faults act on, then every service as soon as
 * those it needs are ready. Disposing stops all of them and removes their folder, whatever state they are in.
 */
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Clock } from '../clock.ts';
import { FiredrillError, messageOf } from '../errors.ts';
import type { Interception, Interceptor } from '../fault.ts';
import { accountIds } from './accounts.ts';
import { createStackFolder, removeStackFolder, sweepStackFolders } from './folder.ts';
import { type Reservation, reservePort } from './ports.ts';
import { ProcessService, underOurWatch } from './process-service.ts';
import { locatePrograms } from './programs.ts';
import type { Endpoint, Program, RunningService, ServiceContext, ServiceDescription, Stack } from './service.ts';

export interface BootOptions {
  readonly services: readonly ServiceDescription[];
  readonly interceptions: readonly Interception<Interceptor>[];
  /** Listeners of the harness itself that configuration refers to by a production address. */
  readonly outside: readonly { readonly address: string; readonly endpoint: Endpoint }[];
  readonly clock: Clock;
  /** Where the services' logs go. */
  readonly logFolder: string;
  readonly say: (line: string) => void;
  /** Aborting it gives the boot up: what was started is stopped again. */
  readonly signal?: AbortSignal;
  readonly onReady: (service: RunningService, ms: number) => void;
  readonly onCrash: (service: RunningService, detail: string, lastLines: string) => void;
}

/** Throws PROGRAM_MISSING or SERVICE_FAILED, with everything already started stopped again. */
export async function bootProcesses(options: BootOptions): Promise<Stack> {
  await sweepStackFolders();
  const locate = await locatePrograms(
    options.services.map((service) => service.program),
    options.say,
  );
  await using stack = new ProcessStack(options, await createStackFolder(), locate);
  await stack.boot();
  return stack.keep();
}

class ProcessStack implements Stack {
  readonly #options: BootOptions;
  readonly #folder: string;
  readonly #locate: (program: Program) => string;
  readonly #services = new Map<string, ProcessService>();
  readonly #reservations = new Map<string, Reservation>();
  readonly #interceptors = new Map<Interception<Interceptor>, Interceptor>();
  #kept = false;
  /** Settled once no service is on its way up any more. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(options: BootOptions, folder: string, locate: (program: Program) => string) {
    this.#options = options;
    this.#folder = folder;
    this.#locate = locate;
  }

  get services(): readonly RunningService[] {
    return [...this.#services.values()];
  }

  service(name: string): RunningService {
    const service = this.#services.get(name);
    if (!service)
      throw new FiredrillError(
        'FAULT_FAILED',
        `there is no service '${name}'; this stack has ${[...this.#services.keys()].join(', ')}.`,
      );
    return service;
  }

  interceptor<I extends Interceptor>(interception: Interception<I>): I {
    const interceptor = this.#interceptors.get(interception);
    if (!interceptor)
      throw new FiredrillError('FAULT_FAILED', `nothing was put on the link to ${interception.to} at boot.`);
    return interceptor as I;
  }

  /** Takes the stack out of the scope that would dispose it on the way out of a failed boot. */
  keep(): Stack {
    this.#kept = true;
    return {
      services: this.services,
      service: (name) => this.service(name),
      interceptor: (i) => this.interceptor(i),
      [Symbol.asyncDispose]: () => this.#dispose(),
    };
  }

  async boot(): Promise<void> {
    for (const { name } of this.#options.services) this.#reservations.set(name, await reservePort());
    // A fault that two phases use has one interceptor; two faults on one link act one after the other.
    for (const interception of new Set(this.#options.interceptions)) {
      this.#interceptors.set(interception, await interception.open(this.#reach(interception.to)));
    }
    const started = new Map<string, Promise<void>>();
    const start = (description: ServiceDescription, above: readonly string[] = []): Promise<void> => {
      if (above.includes(description.name)) {
        const circle = [...above, description.name].join(' → ');
        throw new FiredrillError('SERVICE_FAILED', `services need each other in a circle: ${circle}.`);
      }
      const known = started.get(description.name);
      if (known) return known;
      const needed = description.needs.map((need) => start(this.#description(need), [...above, description.name]));
      const promise = Promise.all(needed).then(() => this.#start(description));
      started.set(description.name, promise);
      return promise;
    };
    const all = Promise.allSettled(this.#options.services.map(async (service) => start(service)));
    this.#starting = all;
    const { signal } = this.#options;
    const results = await (signal ? Promise.race([all, aborted(signal)]) : all);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #start(description: ServiceDescription): Promise<void> {
    if (this.#options.signal?.aborted) return;
    const began = performance.now();
    const context = await this.#context(description);
    const service = new ProcessService({
      description,
      context,
      logFile: join(this.#options.logFolder, `${description.name}.log`),
      onCrash: (crashed, detail) => this.#options.onCrash(crashed, detail, crashed.lastLines()),
    });
    try {
      await description.prepare?.(context);
    } catch (error) {
      throw error instanceof FiredrillError
        ? error
        : new FiredrillError('SERVICE_FAILED', `${description.name} could not be prepared: ${messageOf(error)}`, {
            cause: error,
          });
    }
    await this.#reservations.get(description.name)?.release();
    if (this.#options.signal?.aborted) return;
    this.#services.set(description.name, service);
    await service.start();
    this.#options.onReady(service, performance.now() - began);
  }

  async #context(description: ServiceDescription): Promise<ServiceContext> {
    const folder = join(this.#folder, description.name);
    const ids = description.account === undefined ? undefined : await accountIds(description.account);
    await mkdir(folder, { recursive: true });
    if (ids) await chown(folder, ids.uid, ids.gid);
    return {
      folder,
      endpoint: this.#endpointOf(description.name),
      clock: this.#options.clock,
      reach: (name) => this.#reach(name),
      localise: (text) => this.#localise(text),
      locate: this.#locate,
      run: async (program, args) => {
        const [command, ...rest] = underOurWatch([this.#locate(program), ...args], description.account);
        const result = await execa(command as string, rest, { cwd: folder, reject: false, all: true, stdin: 'ignore' });
        if (result.exitCode !== 0)
          throw new FiredrillError(
            'SERVICE_FAILED',
            `${program.command} for ${description.name} failed (${result.exitCode ?? result.signal}):\n${result.all}`,
          );
      },
      write: async (name, content) => {
        const path = join(folder, name);
        await mkdir(join(path, '..'), { recursive: true });
        await writeFile(path, content, { mode: 0o644 });
        return path;
      },
    };
  }

  #description(name: string): ServiceDescription {
    const description = this.#options.services.find((service) => service.name === name);
    if (!description)
      throw new FiredrillError('SERVICE_FAILED', `a service needs '${name}', which the system does not describe.`);
    return description;
  }

  #endpointOf(name: string): Endpoint {
    const port = this.#reservations.get(name)?.port;
    if (port === undefined) throw new FiredrillError('SERVICE_FAILED', `there is no service '${name}' to reach.`);
    return { host: '127.0.0.1', port };
  }

  /** Where others reach a service: through the interceptor on its link, when a fault has put one there. */
  #reach(name: string): Endpoint {
    let endpoint = this.#endpointOf(name);
    for (const [interception, interceptor] of this.#interceptors) {
      if (interception.to === name) endpoint = interceptor.endpoint;
    }
    return endpoint;
  }

  #localise(text: string): string {
    const places = [
      ...this.#options.services.map((service) => ({
        address: service.address,
        endpoint: this.#endpointOf(service.name),
      })),
      ...this.#options.outside,
    ];
    return places.reduce(
      (result, { address, endpoint }) =>
        result.replace(new RegExp(`${address}(?!\\d)`, 'g'), `${endpoint.host}:${endpoint.port}`),
      text,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#kept) await this.#dispose();
  }

  async #dispose(): Promise<void> {
    const stopAll = () => Promise.allSettled([...this.#services.values()].map((service) => service.stop()));
    await stopAll();
    // Of a boot that was given up, some may still be on their way; none may come up in a folder that is gone.
    await this.#starting;
    await stopAll();
    await Promise.allSettled([...this.#interceptors.values()].map((interceptor) => interceptor.close()));
    for (const reservation of this.#reservations.values()) await reservation.release();
    await removeStackFolder(this.#folder);
  }
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new FiredrillError('SERVICE_FAILED', 'the boot was interrupted.'));
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}
