/**
 * The container engine, found the way testcontainers finds it: DOCKER_HOST, Docker's contexts, the usual sockets, Docker
 * Desktop, Colima, Podman. Its client is used below testcontainers' own containers, because those publish their ports on
 * every interface and can be neither paused, nor killed, nor started again where they were.
 */
import { connect } from 'node:net';
import type { ContainerRuntimeClient } from 'testcontainers';
import { FiredrillError } from '../errors.ts';

export type Engine = ContainerRuntimeClient;
export type Container = Awaited<ReturnType<Engine['container']['create']>>;

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** Throws ENGINE_UNAVAILABLE, saying what is in the way and what to do. */
export async function connectEngine(): Promise<Engine> {
  // Loaded when it is needed: a run as processes should not wait for it.
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    return await getContainerRuntimeClient();
  } catch (cause) {
    throw new FiredrillError('ENGINE_UNAVAILABLE', await diagnosis(), { cause });
  }
}

/** Docker's own engine when nothing else was said; asked directly, because "none works" helps nobody. */
async function diagnosis(): Promise<string> {
  const host = process.env.DOCKER_HOST;
  const advice = 'Start one, or run the services as processes with --runtime processes.';
  if (host !== undefined && !host.startsWith('unix://'))
    return `no container engine answers at DOCKER_HOST=${host}. ${advice}`;
  const socket = host?.slice('unix://'.length) ?? DEFAULT_SOCKET;
  const code = await knock(socket);
  if (code === 'EACCES' || code === 'EPERM')
    return `there is a container engine at ${socket}, but this user may not use it. Join its group (sudo usermod -aG docker $USER, then log in again), or run the services as processes with --runtime processes.`;
  if (code === 'ENOENT') return `no container engine was found: there is no ${socket}. ${advice}`;
  return `no container engine answers at ${socket}${code === undefined ? '' : ` (${code})`}. ${advice}`;
}

/** The code of the error when connecting to a socket file; undefined where somebody answers. */
function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
