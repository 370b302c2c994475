/**
 * Services as processes of this machine: programs found on PATH, data in a folder of the run's own. Everything listens on
 * loopback, the harness' own listeners too.
 */
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { FiredrillError } from '../errors.ts';
import { accountIds } from './accounts.ts';
import { createStackFolder, removeStackFolder, sweepStackFolders } from './folder.ts';
import { ProcessService, underOurWatch } from './process-service.ts';
import { type Located, locatePrograms } from './programs.ts';
import { type Links, type OpenRuntime, type Runtime, replaceAddresses, type ServiceOrder } from './runtime.ts';
import type { Endpoint, ProcessContext, ServiceDescription } from './service.ts';

const LOOPBACK = '127.0.0.1';

/** Throws PROGRAM_MISSING. */
export const openProcesses: OpenRuntime = async (services, say) => {
  await sweepStackFolders();
  const locate = await locatePrograms(
    services.flatMap(({ program, runs = [] }) => [program, ...runs]),
    say,
  );
  return new Processes(await createStackFolder(), locate);
};

class Processes implements Runtime {
  readonly name = 'processes';
  readonly doorstep = { listen: LOOPBACK, called: LOOPBACK };
  readonly #folder: string;
  readonly #locate: Located;

  constructor(folder: string, locate: Located) {
    this.#folder = folder;
    this.#locate = locate;
  }

  async prepare(order: ServiceOrder): Promise<ProcessService> {
    const { description } = order;
    const context = await this.#context(order);
    await description.initialise?.(context);
    await description.prepare?.(context);
    return new ProcessService({ ...order, context, program: this.#locate(description.program) });
  }

  async #context({ description, clock, links }: ServiceOrder): Promise<ProcessContext> {
    const folder = join(this.#folder, description.name);
    const shared = description.shared === undefined ? '' : join(this.#folder, 'shared', description.shared.name);
    if (shared !== '') await mkdir(shared, { recursive: true });
    const ids = description.account === undefined ? undefined : await accountIds(description.account);
    await mkdir(folder, { recursive: true });
    if (ids) await chown(folder, ids.uid, ids.gid);
    return {
      runtime: 'processes',
      folder,
      data: 'data',
      shared,
      endpoint: endpointOf(links, description.name),
      clock,
      reach: (name) => links.interceptor(name) ?? endpointOf(links, name),
      ownPort: () => 0,
      has: (name) => links.services.some((service) => service.name === name),
      localise: (text) =>
        replaceAddresses(text, [...links.services.map((service) => place(links, service)), ...links.outside]),
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

  [Symbol.asyncDispose](): Promise<void> {
    return removeStackFolder(this.#folder);
  }
}

const endpointOf = (links: Links, name: string): Endpoint => ({ host: LOOPBACK, port: links.port(name) });

const place = (links: Links, { address, name }: ServiceDescription) => ({ address, endpoint: endpointOf(links, name) });
