/** A line to the container engine that can be cut: for whoever is on it, the engine is gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface EngineLine extends Disposable {
  /** What DOCKER_HOST is to be. */
  readonly host: string;
  cut(): void;
}

/** `engine`: the engine's own socket. */
export async function engineLine(engine = '/var/run/docker.sock'): Promise<EngineLine> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-line-'));
  const path = join(folder, 'docker.sock');
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(engine);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `unix://${path}`,
    cut,
    [Symbol.dispose]() {
      cut();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
