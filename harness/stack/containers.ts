/**
 * Services as containers on a network of the run's own, where they have the names production gives them. What they must
 * reach of the harness (the relays of faults, the webhook receiver) listens on that network's gateway, or, where the engine
 * lives in a virtual machine (Docker Desktop), on loopback.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { FiredrillError, messageOf } from '../errors.ts';
import { labelsFor, removeStack, STACK, sweepStacks } from './container-labels.ts';
import { ContainerService, hostOf, portOf } from './container-service.ts';
import { connectEngine, type Engine } from './engine.ts';
import { type ImageChoice, imageOf, obtain } from './images.ts';
import { standBy } from './reaper.ts';
import { type Links, type OpenRuntime, type Runtime, replaceAddresses, type ServiceOrder } from './runtime.ts';
import type { Endpoint, ServiceContext, ServiceDescription } from './service.ts';

/** Where a service's files are put. */
const FOLDER = '/firedrill';
/** What containers call the machine that Docker Desktop runs on. */
const DESKTOP_HOST = 'host.docker.internal';
const ENGINE_GONE = 'the container engine does not answer any more';

/** Throws ENGINE_UNAVAILABLE, IMAGE_MISSING. */
export const openContainers =
  (choice: ImageChoice): OpenRuntime =>
  async (services, say, signal) => {
    const engine = await connectEngine();
    await sweepStacks(engine.container.dockerode);
    const images = new Map<string, string>();
    for (const service of services) {
      if (signal?.aborted) break;
      images.set(service.name, await obtain(engine, needed(service, choice), say));
    }
    const stack = `firedrill-${randomUUID().slice(0, 8)}`;
    const reaper = standBy(stack);
    try {
      const labels = await labelsFor(stack);
      const network = await engine.network.create({ Name: stack, Labels: labels });
      const { IPAM } = await network.inspect();
      const events = await engineEvents(engine, stack);
      return new Containers({
        engine,
        events,
        images,
        labels,
        network: stack,
        doorstep: await doorstepOf(IPAM?.Config?.[0]?.Gateway),
        end: async () => {
          events.destroy();
          await removeStack(engine.container.dockerode, stack);
          reaper.dismiss();
        },
      });
    } catch (error) {
      await removeStack(engine.container.dockerode, stack).catch(() => undefined);
      reaper.dismiss();
      throw new FiredrillError('ENGINE_UNAVAILABLE', `no network for the stack: ${messageOf(error)}`, { cause: error });
    }
  };

/** Throws IMAGE_MISSING where the service has neither an image nor one put in its place. */
function needed(service: ServiceDescription, choice: ImageChoice) {
  const image = imageOf(service, choice);
  if (image !== undefined) return image;
  throw new FiredrillError(
    'IMAGE_MISSING',
    `${service.name} has no image to run in a container; give one with --image ${service.name}=<image>, or use --runtime processes.`,
  );
}

/** Whether the gateway is an address of this machine is found out by listening on it: a bridge without containers is not listed. */
async function doorstepOf(gateway: string | undefined): Promise<Runtime['doorstep']> {
  return gateway !== undefined && (await canListenOn(gateway))
    ? { listen: gateway, called: gateway }
    : { listen: '127.0.0.1', called: DESKTOP_HOST };
}

function canListenOn(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port: 0 }, () => server.close(() => resolve(true)));
  });
}

/** A stream that the engine keeps open as long as it lives: its end is the end of the engine. */
async function engineEvents({ container: { dockerode } }: Engine, stack: string): Promise<Readable> {
  const events = (await dockerode.getEvents({ filters: { label: [`${STACK}=${stack}`] } })) as Readable;
  events.on('error', () => undefined);
  return events.resume();
}

interface Equipment {
  readonly engine: Engine;
  readonly events: Readable;
  /** By service. */
  readonly images: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly doorstep: Runtime['doorstep'];
  readonly end: () => Promise<void>;
}

class Containers implements Runtime {
  readonly name = 'containers';
  readonly doorstep: Runtime['doorstep'];
  readonly #equipment: Equipment;
  /** Resolves when the engine is gone, which no request under way would ever be told. */
  readonly #engineGone: Promise<string>;
  /** When the engine goes, every service is lost at once; one of them is enough to say so. */
  #lost = false;

  constructor(equipment: Equipment) {
    this.#equipment = equipment;
    this.doorstep = equipment.doorstep;
    this.#engineGone = new Promise((resolve) => {
      equipment.events.once('close', () => resolve(ENGINE_GONE));
    });
  }

  async prepare(order: ServiceOrder): Promise<ContainerService> {
    const { description } = order;
    const { engine, images, network, labels } = this.#equipment;
    const files = new Map<string, string>();
    const context = this.#context(order, files);
    await description.prepare?.(context);
    return new ContainerService({
      ...order,
      engine,
      image: images.get(description.name) ?? '',
      context,
      files,
      network,
      labels,
      engineGone: this.#engineGone,
      onCrash: (service, detail) => {
        if (this.#lost) return;
        this.#lost = detail === ENGINE_GONE;
        order.onCrash(service, detail);
      },
    });
  }

  #context({ description, clock, links }: ServiceOrder, files: Map<string, string>): ServiceContext {
    return {
      runtime: 'containers',
      folder: FOLDER,
      data: description.container?.data ?? `${FOLDER}/data`,
      shared: description.shared?.path ?? '',
      endpoint: { host: '0.0.0.0', port: portOf(description.address) },
      clock,
      reach: (name) => this.#reach(links, name),
      ownPort: (port) => port,
      has: (name) => links.services.some((service) => service.name === name),
      // Services have production's names here; only the harness' own listeners are elsewhere.
      localise: (text) =>
        replaceAddresses(
          text,
          links.outside.map(({ address, endpoint }) => ({ address, endpoint: this.#called(endpoint) })),
        ),
      write: (name, content) => {
        const path = posix.join(FOLDER, name);
        files.set(path, content);
        return Promise.resolve(path);
      },
    };
  }

  #reach(links: Links, name: string): Endpoint {
    const interceptor = links.interceptor(name);
    if (interceptor) return this.#called(interceptor);
    const address = links.services.find((service) => service.name === name)?.address;
    if (address === undefined) throw new FiredrillError('SERVICE_FAILED', `there is no service '${name}' to reach.`);
    return { host: hostOf(address), port: portOf(address) };
  }

  #called({ port }: Endpoint): Endpoint {
    return { host: this.doorstep.called, port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#equipment.end().catch(() => undefined);
  }
}
