/** The least a server can do with an upload: node:http, and the body streamed to a file. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { answer } from '../part.ts';

export interface SinkState {
  readonly url: string;
  readonly pid: number;
}

const folder = await mkdtemp(join(process.env.SINK_FOLDER ?? tmpdir(), 'sink-'));
const server = createServer(async (request, response) => {
  await pipeline(request, createWriteStream(join(folder, randomUUID())));
  response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
});
server.keepAliveTimeout = 65_000;
await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve));
const { port } = server.address() as AddressInfo;

answer<'state', SinkState>(() => ({ url: `http://127.0.0.1:${port}`, pid: process.pid }));
process.on('exit', () => rmSync(folder, { recursive: true }));
