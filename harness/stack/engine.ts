/**
 * The container engine, found the way testcontainers finds it: DOCKER_HOST, Docker's contexts, the usual sockets, Docker
 * Desktop, Colima, Podman. Its client is used below testcontainers' own containers, because those publish their ports on
 * every interface and can be neither paused, nor killed, nor started again where they were.
 */
import { connect, type NetConnectOpts } from 'node:net';
import type { ContainerRuntimeClient } from 'testcontainers';
import { FiredrillError } from '../errors.ts';

export type Engine = ContainerRuntimeClient;
export type Container = Awaited<ReturnType<Engine['container']['create']>>;

const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';
const ANSWER_WITHIN_MS = 5_000;
const ADVICE = 'Start one, or run the services as processes with --runtime processes.';

/** Throws ENGINE_UNAVAILABLE, saying what is in the way and what to do. */
export async function connectEngine(): Promise<Engine> {
  const { DOCKER_HOST: asked } = process.env;
  // testcontainers would go on to the next engine it finds, which is not the one that was asked for.
  if (asked !== undefined && asked !== '') await mustAnswer(asked);
  // Loaded when it is needed: a run as processes should not wait for it.
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    return await getContainerRuntimeClient();
  } catch (cause) {
    await mustAnswer(DEFAULT_ENGINE);
    throw new FiredrillError('ENGINE_UNAVAILABLE', `no container engine could be used. ${ADVICE}`, { cause });
  }
}

async function mustAnswer(host: string): Promise<void> {
  const place = placeOf(host);
  const code = place === undefined ? undefined : await knock(place);
  if (code === undefined) return;
  const where = host === process.env.DOCKER_HOST ? `DOCKER_HOST=${host}` : host;
  if (code === 'EACCES' || code === 'EPERM')
    throw unavailable(
      `there is a container engine at ${where}, but this user may not use it. Join its group (sudo usermod -aG docker $USER, then log in again), or run the services as processes with --runtime processes.`,
    );
  if (code === 'ENOENT') throw unavailable(`no container engine was found at ${where}. ${ADVICE}`);
  throw unavailable(`no container engine answers at ${where} (${code}). ${ADVICE}`);
}

const unavailable = (message: string): FiredrillError => new FiredrillError('ENGINE_UNAVAILABLE', message);

/** undefined for what cannot be knocked at directly (ssh, a named pipe). */
function placeOf(host: string): NetConnectOpts | undefined {
  const url = URL.parse(host);
  if (url?.protocol === 'unix:') return { path: url.pathname };
  if (url?.protocol === 'tcp:') return { host: url.hostname, port: Number(url.port || 2375) };
  return undefined;
}

/** The code of the error when connecting; undefined where somebody answers. */
function knock(place: NetConnectOpts): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...place, timeout: ANSWER_WITHIN_MS });
    const end = (code: string | undefined) => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
