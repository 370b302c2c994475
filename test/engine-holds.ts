/** What a container engine holds, of whomever: how tests see that nothing was left. */
import type { Engine } from '../harness/stack/engine.ts';

/** The numbers of containers, networks and volumes. */
export async function engineHolds(docker: Engine['container']['dockerode']): Promise<number[]> {
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  return [containers.length, networks.length, Volumes?.length ?? 0];
}
