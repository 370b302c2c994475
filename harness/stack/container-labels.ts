/**
 * How containers, networks and volumes of a stack are marked, and how what is marked is removed: by the stack itself, by
 * the reaper when the harness is killed outright, and by the next start when even that did not happen.
 */
import { hostname } from 'node:os';
import type { Engine } from './engine.ts';
import { isAlive, type Owner, ourselves } from './owner.ts';

type Dockerode = Engine['container']['dockerode'];

/** The stack it belongs to. */
export const STACK = 'firedrill.stack';
/** The process that made it, as JSON, and on which machine: a shared engine holds what others made. */
const OWNER = 'firedrill.owner';
const HOST = 'firedrill.host';

export async function labelsFor(stack: string): Promise<Record<string, string>> {
  return { [STACK]: stack, [OWNER]: JSON.stringify(await ourselves()), [HOST]: hostname() };
}

/** Removes a stack's containers, with their volumes, its shared volumes and its network. Gone already is fine. */
export async function removeStack(docker: Dockerode, stack: string): Promise<void> {
  const filters = { label: [`${STACK}=${stack}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.allSettled(containers.map(({ Id }) => removeContainer(docker, Id)));
  const [networks, volumes] = await Promise.all([docker.listNetworks({ filters }), volumesOf(docker, filters)]);
  await Promise.allSettled([
    ...networks.map(({ Id }) => docker.getNetwork(Id).remove()),
    ...volumes.map(({ Name }) => docker.getVolume(Name).remove()),
  ]);
}

/** Those that services share: only they bear labels. */
async function volumesOf(docker: Dockerode, filters: { label: string[] }) {
  return (await docker.listVolumes({ filters })).Volumes ?? [];
}

/** With its volumes, also those it took over from one before it. */
async function removeContainer(docker: Dockerode, id: string): Promise<void> {
  const container = docker.getContainer(id);
  const { Mounts } = await container.inspect();
  await container.remove({ force: true, v: true });
  const volumes = Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []));
  await Promise.allSettled(volumes.map((name) => docker.getVolume(name).remove()));
}

/** Removes the stacks of runs of this machine that are no longer alive; resolves with how many. */
export async function sweepStacks(docker: Dockerode): Promise<number> {
  const filters = { label: [STACK, `${HOST}=${hostname()}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    volumesOf(docker, filters),
  ]);
  const owners = new Map<string, string>();
  for (const { Labels } of [...containers, ...networks, ...volumes]) {
    if (Labels?.[STACK] !== undefined) owners.set(Labels[STACK], Labels[OWNER] ?? '');
  }
  let swept = 0;
  for (const [stack, owner] of owners) {
    const known = parse(owner);
    if (known !== undefined && (await isAlive(known))) continue;
    await removeStack(docker, stack);
    swept += 1;
  }
  return swept;
}

function parse(owner: string): Owner | undefined {
  try {
    return JSON.parse(owner) as Owner;
  } catch {
    return undefined;
  }
}
