/** The server that the load drivers are measured on: node:http, the same small answer to everything, counted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from '../part.ts';
import { eventRate } from '../statistics.ts';

export interface ServerState {
  readonly url: string;
  /** Requests since it was last asked. */
  readonly answered: number;
  /** Requests a second from one second after the first of them to the last; undefined for too few. */
  readonly rate: number | undefined;
}

const WARM_UP_MS = 1_000;

let arrivals: number[] = [];
const server = createServer((_request, response) => {
  arrivals.push(performance.now());
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '11' }).end('{"ok":true}');
});
// Longer than any of the drivers keeps an idle connection: none of them meets one that the server has just closed.
server.keepAliveTimeout = 65_000;
await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve));
const { port } = server.address() as AddressInfo;

answer<'state', ServerState>(() => {
  const seen = arrivals;
  arrivals = [];
  return {
    url: `http://127.0.0.1:${port}`,
    answered: seen.length,
    rate: eventRate(seen.filter((time) => time >= (seen[0] ?? 0) + WARM_UP_MS)),
  };
});
