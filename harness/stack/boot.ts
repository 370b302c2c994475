/**
 * Boots a stack in a runtime: ports first, interceptors on the links that faults act on, then every service as soon as
 * those it needs are ready. Disposing stops all of them, whatever state they are in.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { FiredrillError, messageOf } from '../errors.ts';
import type { Interception, Interceptor } from '../fault.ts';
import { type Reservation, reservePort } from './ports.ts';
import type { Links, ManagedService, OpenRuntime, Runtime } from './runtime.ts';
import type { Endpoint, RunningService, RuntimeName, ServiceDescription, Stack } from './service.ts';

export interface BootOptions {
  readonly services: readonly ServiceDescription[];
  readonly interceptions: readonly Interception<Interceptor>[];
  /** Listeners of the harness itself that configuration refers to by a production address. */
  readonly outside: Links['outside'];
  readonly clock: Clock;
  /** Where the services' logs go. */
  readonly logFolder: string;
  /** Aborting it gives the boot up: what was started is stopped again. */
  readonly signal?: AbortSignal;
  readonly onReady: (service: RunningService, ms: number) => void;
  readonly onCrash: (service: RunningService, detail: string, lastLines: string) => void;
}

/** Throws SERVICE_FAILED, with everything already started stopped again. The runtime stays the caller's to dispose. */
export async function boot(runtime: Runtime, options: BootOptions): Promise<Stack> {
  await using stack = new BootingStack(runtime, options);
  await stack.boot();
  return stack.keep();
}

/** A stack in a runtime of its own, which it takes with it when it is disposed. */
export async function bootAlone(
  open: OpenRuntime,
  { say, ...options }: BootOptions & { readonly say: (line: string) => void },
): Promise<Stack> {
  await using scope = new AsyncDisposableStack();
  const runtime = scope.use(await open(options.services, say, options.signal));
  const stack = scope.use(await boot(runtime, options));
  const both = scope.move();
  return { ...stack, [Symbol.asyncDispose]: () => both.disposeAsync() };
}

class BootingStack implements Stack {
  readonly #runtime: Runtime;
  readonly #options: BootOptions;
  readonly #services = new Map<string, ManagedService>();
  readonly #reservations = new Map<string, Reservation>();
  readonly #interceptors = new Map<Interception<Interceptor>, Interceptor>();
  #kept = false;
  /** Settled once no service is on its way up any more. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(runtime: Runtime, options: BootOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  get runtime(): RuntimeName {
    return this.#runtime.name;
  }

  /** In the order they are described, whichever came up first. */
  get services(): readonly RunningService[] {
    return this.#options.services.flatMap(({ name }) => this.#services.get(name) ?? []);
  }

  service(name: string): RunningService {
    const service = this.#services.get(name);
    if (!service)
      throw new FiredrillError(
        'FAULT_FAILED',
        `there is no service '${name}'; this stack has ${this.services.map((each) => each.name).join(', ')}.`,
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
      runtime: this.runtime,
      services: this.services,
      service: (name) => this.service(name),
      interceptor: (i) => this.interceptor(i),
      [Symbol.asyncDispose]: () => this.#dispose(),
    };
  }

  async boot(): Promise<void> {
    for (const { name, ports = [] } of this.#options.services) {
      for (const port of [undefined, ...ports]) this.#reservations.set(placeOf(name, port), await reservePort());
    }
    // A fault that two phases use has one interceptor; two faults on one link act one after the other.
    for (const interception of new Set(this.#options.interceptions)) {
      const upstream = this.#interceptorOf(interception.to) ?? this.#endpointOf(interception.to);
      const interceptor = await interception.open(upstream, this.#runtime.doorstep.listen);
      this.#interceptors.set(interception, interceptor);
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
      const promise = this.#start(description, Promise.all(needed));
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

  async #start(description: ServiceDescription, needed: Promise<unknown>): Promise<void> {
    await needed;
    if (this.#options.signal?.aborted) return;
    const began = performance.now();
    const { name } = description;
    const service = await this.#prepare(description);
    for (const port of [undefined, ...(description.ports ?? [])]) {
      await this.#reservations.get(placeOf(name, port))?.release();
    }
    if (this.#options.signal?.aborted) return;
    this.#services.set(name, service);
    await service.start();
    this.#options.onReady(service, performance.now() - began);
  }

  async #prepare(description: ServiceDescription): Promise<ManagedService> {
    try {
      return await this.#runtime.prepare({
        description,
        clock: this.#options.clock,
        logFile: join(this.#options.logFolder, `${description.name}.log`),
        links: {
          services: this.#options.services,
          outside: this.#options.outside,
          port: (service, inside) => this.#portOf(service, inside),
          interceptor: (service) => this.#interceptorOf(service),
        },
        onCrash: (crashed, detail) => this.#options.onCrash(crashed, detail, crashed.lastLines()),
      });
    } catch (error) {
      throw error instanceof FiredrillError
        ? error
        : new FiredrillError('SERVICE_FAILED', `${description.name} could not be prepared: ${messageOf(error)}`, {
            cause: error,
          });
    }
  }

  #description(name: string): ServiceDescription {
    const description = this.#options.services.find((service) => service.name === name);
    if (!description)
      throw new FiredrillError('SERVICE_FAILED', `a service needs '${name}', which the system does not describe.`);
    return description;
  }

  #portOf(name: string, inside?: number): number {
    const port = this.#reservations.get(placeOf(name, inside))?.port;
    if (port === undefined) throw new FiredrillError('SERVICE_FAILED', `there is no service '${name}' to reach.`);
    return port;
  }

  #endpointOf(name: string): Endpoint {
    return { host: '127.0.0.1', port: this.#portOf(name) };
  }

  #interceptorOf(name: string): Endpoint | undefined {
    return [...this.#interceptors].findLast(([{ to }]) => to === name)?.[1].endpoint;
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
  }
}

/** A service's own port, or one of its further ports. */
const placeOf = (service: string, inside: number | undefined): string => `${service}:${inside ?? ''}`;

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new FiredrillError('SERVICE_FAILED', 'the boot was interrupted.'));
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}
