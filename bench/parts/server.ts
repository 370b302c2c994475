/** The server that the load drivers are measured on: node:http, the same small answer to everything, counted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from '../part.ts';

export interface ServerState {
  readonly url: string;
  /** Requests answered so far. */
  readonly answered: number;
}

let answered = 0;
const server = createServer((_request, response) => {
  answered += 1;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '11' }).end('{"ok":true}');
});
// Longer than any of the drivers keeps an idle connection: none of them meets one that the server has just closed.
server.keepAliveTimeout = 65_000;
await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve));
const { port } = server.address() as AddressInfo;

answer<'state', ServerState>(() => ({ url: `http://127.0.0.1:${port}`, answered }));
